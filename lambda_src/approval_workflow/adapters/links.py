"""The table of links, and the secret that signs them, which is never kept: a rotation counts at once."""

from collections.abc import Iterator
from contextlib import suppress

from approval_workflow.adapters.attributes import document, item
from approval_workflow.domain.errors import UnknownLink
from approval_workflow.domain.links import Link, parts
from shared.clients import client

_KEPT_SECONDS = 30 * 86_400  # after it expired, so that an old link says that it has, and not that it never was


def remember(table: str, link: Link) -> None:
    """Store a link, unless it is."""
    dynamodb = client("dynamodb")
    values = {**vars(link), "remove_at": link.expires_at + _KEPT_SECONDS}
    with suppress(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.put_item(TableName=table, Item=item(values), ConditionExpression="attribute_not_exists(link_id)")


def opened(table: str, secret: str, text: str) -> Link:
    """Return the link of a URL's last part, if it is genuine. Raises `UnknownLink` and `ForgedLink`."""
    link_id, signature = parts(text)
    answer = client("dynamodb").get_item(TableName=table, Key={"link_id": {"S": link_id}}, ConsistentRead=True)
    if "Item" not in answer:
        raise UnknownLink("This link leads nowhere.")
    values = document(answer["Item"])
    del values["remove_at"]
    link = Link(**values)
    link.check(signature, _keys(secret))
    return link


def signing_key(secret: str) -> bytes:
    """Return the secret that signs."""
    return _key(secret, "AWSCURRENT")


def _keys(secret: str) -> Iterator[bytes]:
    """Yield the secrets that verify: the current one, and the one before it while a rotation is fresh."""
    yield signing_key(secret)
    with suppress(client("secretsmanager").exceptions.ResourceNotFoundException):
        yield _key(secret, "AWSPREVIOUS")


def _key(secret: str, stage: str) -> bytes:
    text: str = client("secretsmanager").get_secret_value(SecretId=secret, VersionStage=stage)["SecretString"]
    return text.encode()
