"""How the queue workflow talks to AWS: the only code that does."""
