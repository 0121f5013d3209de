"""How the approval workflow talks to AWS: the only code that does."""
