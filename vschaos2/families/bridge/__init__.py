"""The family of bridges: the sound of one instrument carried over to that of another."""
