"""Audio effects, one a file: each learns from windows of sound and plays in blocks, by one code."""
