"""What the volume clean-up decides, without AWS: whose clock runs since when, what is marked, what may be deleted."""
