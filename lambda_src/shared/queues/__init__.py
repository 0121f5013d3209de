"""What every function needs that works a queue off: messages, known errors, and what it asks of SQS."""
