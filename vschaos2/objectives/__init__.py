"""What training minimises, and what is measured."""
