"""What a finding tells a machine to do: a statement to add, a number to set."""

import re
from typing import Any

from scripts.doctor.findings import Finding
from scripts.lab import LabError


def proposed(finding: Finding) -> dict[str, Any]:
    """Return the statement that a finding wants to be added. Raises LabError when it wants none."""
    if finding.fix.statement is None:
        raise LabError(f"the doctor proposes no statement for {finding.cause} of {finding.subject}")
    return finding.fix.statement


def input_of(finding: Finding, name: str) -> int:
    """Return the number that a finding's Terraform gives to an input. Raises LabError when it gives none."""
    found = re.search(rf"\b{name} = (\d+)", finding.fix.terraform)
    if found is None:
        raise LabError(f"the doctor sets no {name} for {finding.cause} of {finding.subject}: {finding.fix}")
    return int(found[1])


def says(finding: Finding, words: str) -> None:
    """Raise LabError unless a finding's cure has these words, which whoever applies it goes by."""
    if words not in finding.fix.text + finding.fix.terraform:
        raise LabError(f"the cure of {finding.cause} of {finding.subject} should say {words!r}: {finding.fix}")
