"""What the approval workflow decides, without AWS: standard library only."""
