"""Foley: hits, learnt from recordings of single strokes, and drawn anew for each event."""
