"""What is idle, when people work, and what follows from both, without AWS."""
