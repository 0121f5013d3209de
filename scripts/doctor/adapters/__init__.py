"""Gathers the facts: from AWS itself or from the local engine, through boto3, and only by reading."""
