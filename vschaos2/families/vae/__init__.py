"""Recordings become an instrument: a variational auto-encoder over spectral frames."""
