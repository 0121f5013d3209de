"""Connects an environment's notifications with channels on this machine, and puts everything back afterwards."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from scripts.chat.issuing import issued_by
from scripts.chat.server import Chat
from scripts.deployment import Deployment
from scripts.parameters import Parameter

REMEMBERED_SECONDS = 1.2  # the local environment's `keep_seconds`, and a little
NOBODY = "{}"


@contextmanager
def connected(deployment: Deployment, **changes: object) -> Iterator[Chat]:
    """Yield a server whose channels are those of the settings, with `changes` of the settings in force.

    A rotation gets the channels' new addresses from it.
    """
    with Chat() as chat, issued_by(deployment, chat), settings_of(deployment).changed(**changes) as settings:
        styles = {"slack": chat.slack, "teams": chat.teams}
        with addresses(deployment, {name: styles[style](name) for name, style in settings["channels"].items()}):
            time.sleep(REMEMBERED_SECONDS)
            yield chat


def settings_of(deployment: Deployment) -> Parameter:
    """Return what the notifications go by. A change counts after `REMEMBERED_SECONDS`."""
    return Parameter(deployment, deployment.outputs["notifications"]["settings_parameter"])


@contextmanager
def addresses(deployment: Deployment, given: dict[str, str]) -> Iterator[None]:
    """Put addresses into the secret for a while."""
    secrets, name = deployment.client("secretsmanager"), deployment.outputs["notifications"]["webhooks_secret"]
    try:
        before = secrets.get_secret_value(SecretId=name)["SecretString"]
    except ClientError:  # nobody has put any there
        before = NOBODY
    secrets.put_secret_value(SecretId=name, SecretString=json.dumps(given))
    try:
        yield
    finally:
        secrets.put_secret_value(SecretId=name, SecretString=before)
