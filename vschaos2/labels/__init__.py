"""What is known of recordings, in words and numbers."""
