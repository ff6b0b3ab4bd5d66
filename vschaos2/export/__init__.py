"""From a trained model to a file that plays in real time."""
