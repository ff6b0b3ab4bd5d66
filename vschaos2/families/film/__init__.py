"""Strikes seen in films, by a small network that marks or the films' own sound have taught."""
