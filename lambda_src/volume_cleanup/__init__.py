"""Deletes volumes that nobody has attached for long: marked first, owners told, snapshots kept, all accounted for."""
