"""The tagging workflow: whatever is made in EC2 gets a tag that says whose it is, and how that was found out."""
