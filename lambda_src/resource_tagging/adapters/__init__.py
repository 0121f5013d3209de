"""How the tagging workflow talks to AWS: the only code that does."""
