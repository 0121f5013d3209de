"""Where rotations touch AWS."""
