"""Families of models; each a folder."""
