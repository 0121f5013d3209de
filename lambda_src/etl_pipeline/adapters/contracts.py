"""Reads the datasets' contracts from Parameter Store."""

import json
from typing import Any

from etl_pipeline.domain.errors import BadContract, UnknownDataset
from shared.clients import client


def contract_document(path: str, dataset: str) -> dict[str, Any]:
    """Return the dataset's contract as it was written. Raises `UnknownDataset` and `BadContract`."""
    ssm = client("ssm")
    try:
        document: dict[str, Any] = json.loads(ssm.get_parameter(Name=f"{path}/{dataset}")["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        raise UnknownDataset(f"there is no contract {path}/{dataset}") from None
    except ValueError as problem:
        raise BadContract(f"the contract {path}/{dataset} is not JSON: {problem}") from problem
    return document
