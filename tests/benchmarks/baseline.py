"""The plain way to load a CSV file, to compare with: DictReader, the same checks, `Table.batch_writer()`."""

import csv
import io
from typing import Any

import boto3


def load(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Read the whole object, check and convert every row as the contract says, and write the good ones."""
    body = boto3.client("s3").get_object(Bucket=event["bucket"], Key=event["key"], VersionId=event["version_id"])
    contract, seen, read, loaded = event["contract"], set(), 0, 0
    with boto3.resource("dynamodb").Table(event["table"]).batch_writer() as batch:
        for row in csv.DictReader(io.StringIO(body["Body"].read().decode("utf-8-sig"), newline="")):
            read += 1
            item = _item(row, contract, event["dataset"])
            if item is None or item["record_key"] in seen:
                continue
            seen.add(item["record_key"])
            batch.put_item(Item=item)
            loaded += 1
    return {"read": read, "loaded": loaded}


def _item(row: dict[str, str], contract: dict[str, Any], dataset: str) -> dict[str, Any] | None:
    item: dict[str, Any] = {}
    for name, rule in contract["columns"].items():
        text = row[name].strip()
        if text in contract["missing"]:
            if rule.get("required"):
                return None
        elif rule["type"] == "integer":
            try:
                item[name] = int(text)
            except ValueError:
                return None
        else:
            if len(text.encode()) > 4096:
                return None
            item[name] = text
    return item | {"record_key": f"{dataset}#{'#'.join(str(item[name]) for name in contract['key'])}"}
