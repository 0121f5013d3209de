"""The doctor's knowledge: one module for each of the five classic faults, each facts in, findings out, and pure."""
