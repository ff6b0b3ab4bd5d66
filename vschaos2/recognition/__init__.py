"""What is on this recording: chains of effects named by a trained estimator, and given to play."""
