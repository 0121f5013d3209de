"""The demonstration: brings the local environment up, then tells each workflow's story on it."""
