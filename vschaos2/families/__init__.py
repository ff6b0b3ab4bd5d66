"""Families of models; each a folder or a file, registered in `registry`."""
