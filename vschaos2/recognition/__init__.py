"""What is on a recording: the effects behind it, named and given to play, and its onsets, live."""
