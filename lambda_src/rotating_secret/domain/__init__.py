"""What is decided about values; the standard library only."""
