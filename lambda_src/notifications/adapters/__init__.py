"""How the notifications talk to AWS and to channels: the only code that does."""
