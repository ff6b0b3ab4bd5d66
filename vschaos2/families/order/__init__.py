"""Chains of effects, told from their sound: which, in which order, and how they are set."""
