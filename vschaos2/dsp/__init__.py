"""Signal to frames and back: pure tensor maths, scriptable, on torch alone."""
