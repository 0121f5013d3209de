"""What the ETL workflow decides, without AWS: standard library only."""
