"""What every destructive run is made of: plan, check, act, account. No word of a particular workflow."""
