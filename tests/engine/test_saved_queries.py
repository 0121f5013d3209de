"""CloudWatch Logs: saved queries are listed by name, changed by id, and removed."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

type Clients = Callable[[str], Any]


def test_a_query_is_kept_changed_and_removed(client: Clients, name: str) -> None:
    logs = client("logs")
    query = {"name": f"{name}/errors", "queryString": "fields @message", "logGroupNames": ["/one"]}
    identifier = logs.put_query_definition(**query)["queryDefinitionId"]
    logs.put_query_definition(**{**query, "queryDefinitionId": identifier, "logGroupNames": ["/one", "/two"]})
    [kept] = logs.describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"]
    assert (kept["queryDefinitionId"], kept["logGroupNames"]) == (identifier, ["/one", "/two"])
    assert logs.describe_query_definitions(queryDefinitionNamePrefix=f"{name}/x")["queryDefinitions"] == []
    assert logs.delete_query_definition(queryDefinitionId=identifier)["success"]
    for gone in (logs.delete_query_definition, lambda **given: logs.put_query_definition(**query, **given)):
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            gone(queryDefinitionId=identifier)


def test_a_query_takes_fifty_log_groups(client: Clients, name: str) -> None:
    with pytest.raises(ClientError, match="50 log groups"):
        client("logs").put_query_definition(name=name, queryString="fields @message", logGroupNames=["/a"] * 51)
