"""From frames to latents and back."""
