"""Signal to frames and back: pure tensor maths, scriptable, importing only torch."""
