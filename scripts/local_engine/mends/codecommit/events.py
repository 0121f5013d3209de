"""What CodeCommit tells EventBridge."""

import json
from typing import Any

from ministack.services import eventbridge

from scripts.local_engine.mends.codecommit.store import Repository


def announce(repository: Repository, kind: str, detail: dict[str, Any]) -> None:
    """Put an event about a repository on the default bus.

    AWS: https://docs.aws.amazon.com/codecommit/latest/userguide/monitoring-events.html
    """
    about = {name: repository[name] for name in ("repositoryName", "repositoryId")}
    entry = {
        "Source": "aws.codecommit",
        "DetailType": kind,
        "Resources": [repository["Arn"]],
        "Detail": json.dumps({**about, **detail}),
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
