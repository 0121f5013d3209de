"""How the ETL workflow talks to AWS: the only code that does."""
