"""What the snapshot workflow decides, without AWS: standard library only."""
