"""Reads the datasets' contracts from Parameter Store."""

from typing import Any

from etl_pipeline.domain.errors import BadContract, UnknownDataset
from shared import configuration


def contract_document(path: str, dataset: str) -> dict[str, Any]:
    """Return the dataset's contract as it was written. Raises `UnknownDataset` and `BadContract`."""
    try:
        return configuration.read(f"{path}/{dataset}", configuration.json_object)
    except configuration.NoParameter:
        raise UnknownDataset(f"there is no contract {path}/{dataset}") from None
    except configuration.BadConfiguration as problem:
        raise BadContract(str(problem)) from problem
