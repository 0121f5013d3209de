"""What the notifications decide, without AWS and without a network: standard library only."""
