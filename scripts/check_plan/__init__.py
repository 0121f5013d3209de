"""The doctor's knowledge before deployment: what a plan would break, from its JSON and the definitions.

`python -m scripts.check_plan`; https://developer.hashicorp.com/terraform/internals/json-format is what it reads.
"""
