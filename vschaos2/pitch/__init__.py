"""Pitch and octave, heard in recordings."""
