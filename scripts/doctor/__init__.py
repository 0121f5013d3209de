"""What is wrong with a deployed environment, and how to mend it: `python -m scripts.doctor`.

`rules` are pure: facts in, findings out, one module for each of the five classic faults. `adapters` gather the facts,
and only read. `diagnosis` applies the rules and keeps one cause for each symptom.
"""
