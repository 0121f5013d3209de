"""How the idle resources' workflow talks to AWS, beyond the operations' core."""
