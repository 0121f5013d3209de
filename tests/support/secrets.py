"""Looks for secrets in what an environment is made of and says: the pipeline's rules, and the very values it keeps."""

import json
import re
import subprocess
import zipfile
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from scripts.aws import Client
from scripts.pipeline_report import RULES, Rule, load_rules

_QUOTE = re.compile(r'\\+"')  # of JSON within JSON
# What AWS calls tokens and are none: they tell requests and pages apart.
_NO_SECRET = re.compile(r'(?i)"(?:client(?:request)?|comment_|idempotency|next)token": ?"[^"]*"')
_SHORTEST = 8  # characters of a value that can be told from chance


class Search:
    """Finds what looks like a secret, or is one of `values`; what is found is told by its kind and place only."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values = sorted({value for value in values if len(value) >= _SHORTEST})

    @cached_property
    def _rules(self) -> list[Rule]:
        rules, _ = load_rules(RULES)
        return rules

    def document(self, where: str, document: Any) -> set[str]:
        """Look through a JSON document, a member a line."""
        return self.text(where, json.dumps(document, indent=0))

    def text(self, where: str, text: str) -> set[str]:
        """Look through a text of lines; JSON within JSON is read without the escapes of its quotes."""
        plain = _NO_SECRET.sub("", _QUOTE.sub('"', text))
        found = {f"{where}: a secret's value" for value in self._values if value in plain}
        for rule in self._rules:
            if rule.pattern.search(plain):  # as a whole first: there are millions of lines, and hardly one is found
                lines = plain.splitlines()
                found |= {f"{where}: {rule.id}" for line in lines for _ in rule.secrets(line)}
        return found


def sources(repository: Path) -> Iterator[tuple[str, str]]:
    """Yield each file of a repository with its text: what is committed, and what is about to be."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True).stdout
    for name in listed.split("\0")[:-1]:
        if (path := repository / name).is_file():  # not one that is about to go
            yield name, path.read_text(errors="replace")


def members(archive: Path) -> Iterator[tuple[str, str]]:
    """Yield each file of a zip with its text."""
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            yield f"{archive.name}/{name}", opened.read(name).decode(errors="replace")


def kept(secrets: Client) -> Iterator[str]:
    """Yield each value that an account's secrets hold, whatever its stage, and the texts in those of JSON."""
    for page in secrets.get_paginator("list_secrets").paginate():
        for secret in page["SecretList"]:
            for stage in ("AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"):
                try:
                    value = secrets.get_secret_value(SecretId=secret["ARN"], VersionStage=stage)["SecretString"]
                except (secrets.exceptions.InvalidRequestException, secrets.exceptions.ResourceNotFoundException):
                    continue
                yield value
                yield from _texts(value)


def _texts(value: str) -> Iterator[str]:
    try:
        found = json.loads(value)
    except ValueError:
        return
    if isinstance(found, dict):
        yield from (text for text in found.values() if isinstance(text, str))


def log_pages(logs: Client) -> Iterator[tuple[str, str]]:
    """Yield each log group's name with a page of its messages, in lines."""
    for groups in logs.get_paginator("describe_log_groups").paginate():
        for group in groups["logGroups"]:
            name = group["logGroupName"]
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                yield name, "\n".join(event["message"] for event in page["events"])
