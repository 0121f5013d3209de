"""Where rotations touch AWS and webhooks."""
