"""The state machine's order of calls, without Step Functions: handlers in this process, AWS played by moto."""

import json
from dataclasses import dataclass
from typing import Any

from etl_pipeline.handlers import load_chunk, parse_metadata, reconcile, record_failure, transform_chunk
from shared.clients import client
from tests.support import functions
from tests.support.functions import Context

BUCKET, RECORDS, RUNS, CONTRACTS = "workflows-etl", "records", "runs", "/workflows/etl_pipeline/contracts"
ENVIRONMENT = functions.ENVIRONMENT | {
    "POWERTOOLS_SERVICE_NAME": "etl_pipeline",
    "RUNS_TABLE": RUNS,
    "RECORDS_TABLE": RECORDS,
    "CONTRACTS_PATH": CONTRACTS,
    "CHUNK_BYTES": "64",
    "MAX_OBJECT_BYTES": "400000",
    "MAX_CONCURRENCY": "2",
}
PEOPLE: dict[str, Any] = {
    "key": ["id"],
    "columns": {
        "id": {"type": "integer"},
        "name": {"type": "string", "required": True, "max_length": 64, "format": None},
        "paid": {"type": "decimal"},
        "born": {"type": "date", "format": "%d.%m.%Y"},
    },
    "missing": ["", "NA"],
    "max_rejected_percent": 50,
}


@dataclass
class Pipeline:
    """One bucket, two tables, contracts; and `run`, which does what the state machine does."""

    events: dict[str, Any]

    def create(self) -> None:
        s3, dynamodb = client("s3"), client("dynamodb")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        for table, key in ((RECORDS, "record_key"), (RUNS, "object_version")):
            dynamodb.create_table(
                TableName=table,
                KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        self.agree("people", PEOPLE)

    def agree(self, dataset: str, contract: dict[str, Any] | str) -> None:
        value = contract if isinstance(contract, str) else json.dumps(contract)
        client("ssm").put_parameter(Name=f"{CONTRACTS}/{dataset}", Value=value, Type="String", Overwrite=True)

    def upload(self, key: str, body: bytes | str) -> dict[str, Any]:
        """Put an object and return the event that S3 sends about it."""
        data = body if isinstance(body, bytes) else body.encode()
        version = client("s3").put_object(Bucket=BUCKET, Key=key, Body=data)["VersionId"]
        event: dict[str, Any] = json.loads(json.dumps(self.events))
        event["detail"]["bucket"]["name"] = BUCKET
        event["detail"]["object"] |= {"key": key, "size": len(data), "version-id": version}
        return event

    def execution(
        self, event: dict[str, Any], name: str = "run-1", started_at: str = "2026-11-23T05:00:00.000Z"
    ) -> dict[str, Any]:
        arn = f"arn:aws:states:us-east-1:000000000000:execution:workflows-etl-pipeline:{name}"
        return {"Id": arn, "Name": name, "StartTime": started_at, "Input": event}

    def parse(self, event: dict[str, Any], name: str = "run-1") -> dict[str, Any]:
        return parse_metadata.handler({"execution": self.execution(event, name)}, Context())

    def chunks(self, run: dict[str, Any]) -> None:
        for chunk in json.loads(self.read(run["plan_key"])):
            counts = transform_chunk.handler({"run": run, "chunk": chunk}, Context())
            load_chunk.handler({"run": run, "counts": counts}, Context())

    def reconcile(self, event: dict[str, Any], run: dict[str, Any]) -> dict[str, Any]:
        return reconcile.handler({"execution": self.execution(event, run["run_id"]), "run": run}, Context())

    def run(self, event: dict[str, Any], name: str = "run-1") -> dict[str, Any]:
        """Do what the state machine does; raises what it would record as the failure."""
        run = self.parse(event, name)
        if run["already_loaded"]:
            return run
        self.chunks(run)
        return self.reconcile(event, run)

    def fail(self, event: dict[str, Any], error: str, cause: str = "", **execution: str) -> dict[str, Any]:
        failure = {"Error": error, "Cause": cause}
        return record_failure.handler({"execution": self.execution(event, **execution), "failure": failure}, Context())

    def read(self, key: str) -> bytes:
        body: bytes = client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return body

    def latest_version(self, key: str) -> str:
        version: str = client("s3").head_object(Bucket=BUCKET, Key=key)["VersionId"]
        return version

    def keys(self, prefix: str) -> list[str]:
        listed = client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [stored["Key"] for stored in listed.get("Contents", [])]

    def records(self) -> dict[str, dict[str, Any]]:
        items = client("dynamodb").scan(TableName=RECORDS)["Items"]
        return {item.pop("record_key")["S"]: item for item in items}

    def ledger(self) -> list[dict[str, str]]:
        items = client("dynamodb").scan(TableName=RUNS)["Items"]
        return [{name: next(iter(value.values())) for name, value in item.items()} for item in items]
