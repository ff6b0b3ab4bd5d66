"""Faults and attacks, made to happen: what is tried, and what is left standing."""
