"""How the operations' core talks to AWS: the only code of it that does."""
