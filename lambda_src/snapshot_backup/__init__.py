"""Backup snapshots: made at their slot, copied to a second region, kept by generation, and restored as a drill."""
