"""Fakes of CodeCommit, of Step Functions and of Lambda's aliases, as far as the pipeline's functions use them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from shared.clients import client


def refusal(code: str, status: int = 400) -> ClientError:
    answer = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")  # type: ignore[arg-type]  # as botocore builds it


@dataclass
class CodeCommit:
    """One repository: where its branches are."""

    branches: dict[str, str] = field(default_factory=dict)
    message: str = "Add the thing\n\nAt length.\n"
    parents: tuple[str, ...] = ()

    @property
    def exceptions(self) -> Any:
        return client("codecommit").exceptions

    def get_branch(self, repositoryName: str, branchName: str) -> dict[str, Any]:  # noqa: N803  # botocore's names, here and below
        if branchName not in self.branches:
            raise self.exceptions.BranchDoesNotExistException({"Error": {"Code": "x"}}, "GetBranch")
        return {"branch": {"branchName": branchName, "commitId": self.branches[branchName]}, "of": repositoryName}

    def get_commit(self, repositoryName: str, commitId: str) -> dict[str, Any]:  # noqa: N803
        author = {"name": "Ada", "email": "ada@example.com", "date": "1766000000 +0000"}
        commit = {"commitId": commitId, "author": author, "message": self.message, "parents": list(self.parents)}
        return {"commit": commit, "of": repositoryName}


@dataclass
class States:
    """Step Functions: the executions that run, and those that were started here."""

    running: set[str] = field(default_factory=set)
    started: dict[str, Any] = field(default_factory=dict)

    @property
    def exceptions(self) -> Any:
        return client("stepfunctions").exceptions

    def describe_execution(self, executionArn: str, includedData: str) -> dict[str, str]:  # noqa: N803
        assert includedData == "METADATA_ONLY", "or its caller needs a right to the key"
        return {"status": "RUNNING" if executionArn in self.running else "FAILED"}

    def start_execution(self, stateMachineArn: str, name: str, input: str) -> None:  # noqa: A002, N803
        assert stateMachineArn.endswith(":live")
        assert len(name) <= 80
        if name in self.started:
            raise self.exceptions.ExecutionAlreadyExists({"Error": {"Code": "x"}}, "StartExecution")
        self.started[name] = json.loads(input)


@dataclass
class Lambda:
    """Functions by name: published versions, and where the alias is; `refused` are aliases that cannot be moved."""

    versions: dict[str, list[str]] = field(default_factory=dict)
    aliases: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: dict[str, ClientError] = field(default_factory=dict)
    moves: list[str] = field(default_factory=list)

    def add(self, function: str, *versions: str) -> None:
        self.versions[function] = ["$LATEST", *versions]
        self.aliases[function] = {"FunctionVersion": versions[-1]}

    def publish(self, function: str, version: str) -> None:
        self.versions[function].append(version)

    def where(self, function: str) -> tuple[str, dict[str, float]]:
        alias = self.aliases[function]
        return alias["FunctionVersion"], alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    @property
    def exceptions(self) -> Any:
        return client("lambda").exceptions

    def get_alias(self, FunctionName: str, Name: str) -> dict[str, Any]:  # noqa: N803
        assert Name == "live"
        if FunctionName not in self.aliases:
            raise self.exceptions.ResourceNotFoundException({"Error": {"Code": "x"}}, "GetAlias")
        return {"Name": Name, **self.aliases[FunctionName]}

    def update_alias(self, FunctionName: str, Name: str, **change: Any) -> None:  # noqa: N803
        assert Name == "live"
        if FunctionName in self.refused:
            raise self.refused[FunctionName]
        weights = change["RoutingConfig"]["AdditionalVersionWeights"]
        assert {change["FunctionVersion"], *weights} <= set(self.versions[FunctionName])
        assert change["FunctionVersion"] not in weights
        self.aliases[FunctionName] |= change
        self.moves.append(FunctionName)

    def get_paginator(self, operation: str) -> "Listing":
        return Listing(self, operation)


@dataclass
class Listing:
    """A listing of Lambda's, one entry a page."""

    functions: Lambda
    operation: str

    def paginate(self, **which: str) -> Iterator[dict[str, Any]]:
        if self.operation == "list_functions":
            yield from ({"Functions": [{"FunctionName": name}]} for name in self.functions.versions)
        else:
            yield from ({"Versions": [{"Version": each}]} for each in self.functions.versions[which["FunctionName"]])
