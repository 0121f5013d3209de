"""Executions that ended badly: what is known of them, and their redrive by Step Functions."""
