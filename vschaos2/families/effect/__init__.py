"""Effects learnt from a dry and a wet recording: pedals with knobs."""
