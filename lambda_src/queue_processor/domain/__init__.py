"""What the queue workflow decides, without AWS: standard library only."""
