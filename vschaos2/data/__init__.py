"""From a folder of recordings to batches of windows and labels."""
