"""The pipeline without its machine: handlers in this process, and what the machine does with their answers."""

import json
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from gitops_pipeline.handlers import (
    judge_canary,
    judge_findings,
    read_manifest,
    read_push,
    release_lock,
    remember_versions,
    roll_back,
    shift_traffic,
    tell_outcome,
)
from shared.clients import client
from tests.support import functions
from tests.support.functions import Context
from tests.unit.gitops_pipeline.aws import CodeCommit, Lambda, States

WITH_SETTINGS = (
    judge_canary, judge_findings, read_manifest, read_push, release_lock, remember_versions, roll_back, shift_traffic,
    tell_outcome,
)  # fmt: skip
BUCKET, TABLE, PARAMETER = "workflows-gitops-pipeline", "ledger", "/workflows/gitops_pipeline/settings"
MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:workflows-gitops-pipeline"
ENVIRONMENT = functions.ENVIRONMENT | {
    "POWERTOOLS_SERVICE_NAME": "gitops_pipeline",
    "BUCKET": BUCKET,
    "LEDGER_TABLE": TABLE,
    "SETTINGS_PARAMETER": PARAMETER,
    "STATE_MACHINE_ARN": f"{MACHINE}:live",
    "TARGET_PREFIX": "app-",
}
RULES: dict[str, Any] = {
    "branches": {
        "main": {"environment": "dev", "protected": False},
        "release/1": {"environment": "prod", "protected": True, "approvers": ["grace", "alan"], "needed": 2},
    },
    "thresholds": {"policy_scan": "HIGH", "secret_scan": "LOW"},
    "lease_seconds": 3600,
    "canary": [{"percent": 10, "minutes": 5}, {"percent": 50, "minutes": 0.5}],
}
START = datetime(2026, 11, 23, 3, tzinfo=UTC)


def commit(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()[:40]


def detail(commit_id: str, previous: str = "", branch: str = "main", **changes: Any) -> dict[str, Any]:
    """Return the detail of CodeCommit's event about a push."""
    pushed = {
        "event": "referenceUpdated" if previous else "referenceCreated",
        "repositoryName": "platform",
        "repositoryId": "11111111-2222-3333-4444-555555555555",
        "referenceType": "branch",
        "referenceName": branch,
        "referenceFullName": f"refs/heads/{branch}",
        "commitId": commit_id,
        "callerUserArn": "arn:aws:iam::000000000000:user/ada",
    }
    return pushed | ({"oldCommitId": previous} if previous else {}) | changes


def execution(name: str, pushed: dict[str, Any]) -> dict[str, Any]:
    return {
        "Id": f"{MACHINE.replace('stateMachine', 'execution')}:{name}",
        "Name": name,
        "StartTime": "2026-11-23T03:00:00.000Z",
        "Input": {"source": "aws.codecommit", "detail": pushed},
    }


@dataclass
class Workflow:
    """One account: a repository, functions, and the pipeline's bucket, table and key."""

    now: datetime = START
    codecommit: CodeCommit = field(default_factory=CodeCommit)
    states: States = field(default_factory=States)
    functions: Lambda = field(default_factory=Lambda)
    key_arn: str = ""

    def create(self) -> None:
        client("s3").create_bucket(Bucket=BUCKET)
        client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        client("dynamodb").create_table(
            TableName=TABLE,
            KeySchema=[
                {"AttributeName": "branch", "KeyType": "HASH"},
                {"AttributeName": "entry", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("branch", "entry")],
            BillingMode="PAY_PER_REQUEST",
        )
        self.agree()

    def create_key(self) -> str:
        made = client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")
        self.key_arn = made["KeyMetadata"]["Arn"]
        return self.key_arn

    def agree(self, **changes: Any) -> None:
        value = json.dumps(RULES | changes)
        client("ssm").put_parameter(Name=PARAMETER, Value=value, Type="String", Overwrite=True)

    def pass_time(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    def push(self, commit_id: str, previous: str = "", branch: str = "main") -> dict[str, Any]:
        """Move a branch; return the event's detail."""
        self.codecommit.branches[branch] = commit_id
        return detail(commit_id, previous, branch)

    def read(self, name: str, pushed: dict[str, Any]) -> dict[str, Any]:
        """Let an execution of that name read a push."""
        running = execution(name, pushed)
        self.states.running.add(running["Id"])
        answer = read_push.handler({"execution": running, "push": pushed}, Context())
        if answer["decision"] != "RUN":
            self.states.running.discard(running["Id"])
        return answer

    def begin(self, name: str = "run-1", number: int = 1, branch: str = "main") -> dict[str, Any]:
        """Return the run of a push that nothing is in the way of."""
        answer = self.read(name, self.push(commit(number), branch=branch))
        assert answer["decision"] == "RUN", answer
        run: dict[str, Any] = answer["run"]
        return run

    def die(self, run: dict[str, Any]) -> None:
        self.states.running.discard(run["execution"])

    def release(self, name: str, pushed: dict[str, Any], run: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = release_lock.handler({"run": run, "execution": execution(name, pushed)}, Context())
        self.states.running.discard(execution(name, pushed)["Id"])
        return answer

    def scan(self, run: dict[str, Any], name: str, *findings: dict[str, Any], body: bytes = b"") -> dict[str, Any]:
        """Leave a report as a build does; return what the machine knows of the scan."""
        key = f"runs/{run['run_id']}/reports/{name}.json"
        report = body or json.dumps({"tool": "a tool", "findings": findings}).encode()
        client("s3").put_object(Bucket=BUCKET, Key=key, Body=report)
        log = f"https://console.aws.amazon.com/{name}"
        return {"name": name, "build": {"Id": f"{name}:1", "BuildStatus": "SUCCEEDED", "Logs": {"DeepLink": log}}}

    def judge(self, run: dict[str, Any], *scans: dict[str, Any]) -> dict[str, Any]:
        return judge_findings.handler({"run": run, "scans": list(scans)}, Context())

    def artifact(self, run: dict[str, Any], name: str, body: bytes) -> dict[str, str]:
        key = f"artifacts/{run['run_id']}/{name}.zip"
        version = client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)["VersionId"]
        return {"key": key, "version_id": version, "sha256": sha256(body).hexdigest()}

    def manifest(self, run: dict[str, Any], artifacts: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Sign a manifest as the build does; return what the machine knows of it."""
        origin = {name: run[name] for name in ("run_id", "repository", "branch", "commit")}
        text = json.dumps(origin | {"artifacts": artifacts} | changes)
        signed = client("kms").sign(
            KeyId=self.key_arn,
            Message=sha256(text.encode()).digest(),
            MessageType="DIGEST",
            SigningAlgorithm="ECDSA_SHA_256",
        )["Signature"]
        return self.envelope(run, {"manifest": text, "signature": b64encode(signed).decode()})

    def envelope(self, run: dict[str, Any], document: object) -> dict[str, Any]:
        key = f"artifacts/{run['run_id']}/manifest.json"
        version = client("s3").put_object(Bucket=BUCKET, Key=key, Body=json.dumps(document).encode())["VersionId"]
        return {"run": run, "manifest_key": key, "version_id": version}

    def object(self, key: str) -> Any:
        return json.loads(client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def remember(self, run: dict[str, Any]) -> list[dict[str, str]]:
        answer = remember_versions.handler({"run": run}, Context())
        aliases: list[dict[str, str]] = answer["aliases"]
        return aliases

    def shift(self, run: dict[str, Any], aliases: list[dict[str, str]], step: int) -> dict[str, Any]:
        return shift_traffic.handler({"run": run, "aliases": aliases, "step": step}, Context())

    def judge_canary(self, run: dict[str, Any]) -> dict[str, Any]:
        return judge_canary.handler({"run": run}, Context())

    def tell(self, run: dict[str, Any] | None, name: str, outcome: str, **more: Any) -> dict[str, Any]:
        pushed = detail(run["commit"]) if run else detail(commit(1))
        event = {"run": run, "execution": execution(name, pushed), "outcome": outcome, "facts": {}, "failure": None}
        return tell_outcome.handler(event | more, Context())

    def ledger(self, branch: str = "main") -> dict[str, dict[str, Any]]:
        """Return the branch's items by sort key, without types."""
        found = client("dynamodb").query(
            TableName=TABLE,
            KeyConditionExpression="branch = :branch",
            ExpressionAttributeValues={":branch": {"S": f"platform#{branch}"}},
        )["Items"]
        plain = [{name: next(iter(value.values())) for name, value in item.items()} for item in found]
        return {item["entry"]: item for item in plain}

    def status(self, commit_id: str) -> str:
        status: str = self.ledger()[f"COMMIT#{commit_id}"]["status"]
        return status
