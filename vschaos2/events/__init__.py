"""Events: when something strikes, how hard, in files, in sound, and how well that was found."""
