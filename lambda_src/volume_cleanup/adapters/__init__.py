"""How the volume clean-up talks to AWS: the only code that does."""
