"""Chains of effects whose order is asked for: named, drawn, rendered, told apart."""
