"""What every workflow's functions use: settings, logs and metrics, AWS clients. No business words."""
