"""How the snapshot workflow talks to AWS: the only code that does."""
