"""Thousands of unattached volumes marked, snapshot and deleted: the volume clean-up beside Cloud Custodian."""

import json
import os
import re
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import boto3

from scripts.signed_http import send
from tests.benchmarks.workbench import ROOT, CleanupBench, machine, table, workbench

VOLUMES = int(os.environ.get("VOLUMES", "2000"))
DISTURBED = VOLUMES // 5
WORKERS = 4
ZONE = "us-east-1a"
TAG = "c7n_status"
OURS, PEER = "000000000000", "123456789012"
WAYS = {"this clean-up": OURS, "Cloud Custodian": PEER}
# Of every 2,000 volumes, 100 are attached again, 50 vanish and 20 break while the rest is being deleted.
ATTACHED, VANISHED, BROKEN = (DISTURBED * share // 2000 for share in (100, 50, 20))
DEVICES = 10  # of a host
CUSTODIAN = ROOT / ".venv-benchmarks" / "bin" / "custodian"
# https://cloudcustodian.io/docs/aws/examples/ebsgarbagecollect.html, with the snapshot that users put before `delete`
POLICIES = [
    {
        "name": "mark",
        "resource": "ebs",
        "filters": [{"Attachments": []}, {f"tag:{TAG}": "absent"}],
        "actions": [{"type": "mark-for-op", "tag": TAG, "op": "delete", "days": 0}],
    },
    {
        "name": "delete",
        "resource": "ebs",
        "filters": [{"type": "marked-for-op", "tag": TAG, "op": "delete"}, {"Attachments": []}, {"State": "available"}],
        "actions": ["snapshot", "delete"],
    },
]


@dataclass(frozen=True)
class Phase:
    """What marking, or deleting, took: seconds, requests by action, and how it ended."""

    wall: float
    calls: dict[str, int]
    ended: str = ""

    def of(self, *services: str) -> int:
        """Return the requests to some services; to all when none is named."""
        return sum(count for action, count in self.calls.items() if not services or action.split(":")[0] in services)


@dataclass
class Account:
    """An account of the engine with volumes that nobody uses, and what is done to them while they are cleaned up."""

    endpoint: str
    account: str
    volumes: list[str] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        session = boto3.Session(self.account, "test", region_name="us-east-1")
        self.ec2 = session.client("ec2", endpoint_url=self.endpoint)

    def fill(self, volumes: int) -> None:
        """Make so many volumes."""
        one = {"AvailabilityZone": ZONE, "Size": 8, "VolumeType": "gp3"}
        self.volumes = [self.ec2.create_volume(**one)["VolumeId"] for _ in range(volumes)]

    def left(self) -> set[str]:
        """Return the volumes that there still are."""
        pages = self.ec2.get_paginator("describe_volumes").paginate(PaginationConfig={"PageSize": 500})
        return {volume["VolumeId"] for page in pages for volume in page["Volumes"]}

    def calls(self) -> dict[str, int]:
        """Return how many requests came from the account since they were last forgotten."""
        counts: dict[str, dict[str, int]] = json.loads(send("GET", f"{self.endpoint}/_local/calls").text)
        return counts.get(self.account, {})

    def host(self) -> str:
        """Launch an instance; return its id once it runs."""
        [stub] = self.ec2.describe_images(Owners=["amazon"])["Images"][:1]
        wanted = {"ImageId": stub["ImageId"], "Placement": {"AvailabilityZone": ZONE}, "MinCount": 1, "MaxCount": 1}
        instance: str = self.ec2.run_instances(**wanted)["Instances"][0]["InstanceId"]
        self.ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig={"Delay": 1})
        return instance

    def disturb(self, hosts: list[str]) -> None:
        """When the first snapshot is made, attach, delete and break the volumes whose turn comes last."""
        while not self.calls().get("ec2:CreateSnapshot"):
            time.sleep(0.05)
        self.touched = self.volumes[-(ATTACHED + VANISHED + BROKEN) :]
        for number, volume in enumerate(self.touched[:ATTACHED]):
            host, device = divmod(number, DEVICES)
            self.ec2.attach_volume(VolumeId=volume, InstanceId=hosts[host], Device=f"/dev/sd{'fghijklmno'[device]}")
        for volume in self.touched[ATTACHED:-BROKEN]:
            self.ec2.delete_volume(VolumeId=volume)
        broken = {"ids": self.touched[-BROKEN:], "state": "error"}
        send("POST", f"{self.endpoint}/_local/ec2/resources", json.dumps(broken))

    def outcome(self, deleted: Phase) -> list[str]:
        """Return what became of the volumes that were touched, of the others, and of the run itself."""
        left, others = self.left(), set(self.volumes) - set(self.touched)
        parts = ((left & set(self.touched[:ATTACHED]), ATTACHED), (left & set(self.touched[-BROKEN:]), BROKEN))
        counts = [*((len(found), wanted) for found, wanted in parts), (len(others - left), len(others))]
        made = deleted.calls.get("ec2:CreateSnapshot", 0)
        return [*(f"{found} of {wanted}" for found, wanted in counts), str(made), deleted.ended]

    def measure(self, work: Callable[[], str]) -> Phase:
        """Do some work; return what it took. `work` returns how it ended."""
        send("DELETE", f"{self.endpoint}/_local/calls")
        began = time.perf_counter()
        ended = work()
        return Phase(time.perf_counter() - began, self.calls(), ended)


def ours(bench: CleanupBench, run_id: str) -> str:
    """Do a run as the machine does, four pages at a time; return the report's counts."""
    execution = {"Id": f"arn:aws:states:us-east-1:{OURS}:execution:volume-cleanup:{run_id}", "Name": run_id}
    [run] = bench.handle("plan_cleanup", {"execution": execution})["answers"]
    pages = [{"page_key": page["key"]} for page in bench.read(run["pages_key"])]
    shares = [pages[worker::WORKERS] for worker in range(WORKERS)]

    def work(share: list[dict[str, str]]) -> None:
        bench.call("tests.benchmarks.cleanup_page.work", *share, tools=(str(ROOT),))

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, shares))
    bench.handle("notify_owners", {"run_id": run_id})
    bench.handle("report_cleanup", {"run_id": run_id, "failure": {}})
    counts: dict[str, int] = bench.read(f"reports/{run_id}.json")["counts"]
    return "done: " + ", ".join(f"{count} {what.partition(' ')[0].lower()}" for what, count in sorted(counts.items()))


def peers(policy: str) -> str:
    """Run one of Cloud Custodian's policies; return how that ended."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "policies.json"
        file.write_text(json.dumps({"policies": POLICIES}))
        run = subprocess.run(
            [CUSTODIAN, "run", "--policies", policy, "--output-dir", directory, "--cache-period", "0", file],
            env=os.environ | {"AWS_ACCESS_KEY_ID": PEER, "AWS_DEFAULT_REGION": "us-east-1", "HOME": directory},
            capture_output=True,
            text=True,
            check=False,
            timeout=1800,
        )
    errors = Counter(re.findall(r"An error occurred \((\w+)\) when calling the (\w+)", run.stderr))
    told = ", ".join(f"{error} of {operation}" for error, operation in errors)
    return f"{'failed' if run.returncode else 'done'}{f': {told}' if told else ''}"


def measure(bench: CleanupBench) -> str:
    """Clean equal volumes up both ways, undisturbed and disturbed; return a section of the document."""
    bench.agree(min_detached_days=0, grace_days=0)
    accounts = {way: Account(bench.environment["AWS_ENDPOINT_URL"], account) for way, account in WAYS.items()}
    for account in accounts.values():
        account.fill(VOLUMES)
    calm = {way: [account.measure(step) for step in steps(bench, way, "calm")] for way, account in accounts.items()}
    if any(account.left() for account in accounts.values()):
        raise AssertionError("both ways must delete every volume")
    rough = {way: disturbed(account, *steps(bench, way, "rough")) for way, account in accounts.items()}
    account = accounts["Cloud Custodian"]
    rough["Cloud Custodian, once more"] = account.outcome(account.measure(lambda: peers("delete")))
    return f"{_calm(calm)}\n\n{_rough(rough)}"


def steps(bench: CleanupBench, way: str, name: str) -> tuple[Callable[[], str], Callable[[], str]]:
    """Return the two runs of a way: the one that marks, and the one that deletes what is marked."""
    if way == "this clean-up":
        return lambda: ours(bench, f"{name}-1"), lambda: ours(bench, f"{name}-2")
    return lambda: peers("mark"), lambda: peers("delete")


def disturbed(account: Account, mark: Callable[[], str], delete: Callable[[], str]) -> list[str]:
    """Mark volumes, and delete them while others use, delete and break those whose turn comes last; say what became."""
    account.fill(DISTURBED)
    mark()
    helper = threading.Thread(target=account.disturb, args=([account.host() for _ in range(0, ATTACHED, DEVICES)],))
    helper.start()
    deleted = account.measure(delete)
    helper.join()
    return account.outcome(deleted)


def _calm(calm: dict[str, list[Phase]]) -> str:
    kinds = {"EC2": ("ec2",), "DynamoDB": ("dynamodb",), "all": ()}
    each = {
        way: {kind: sum(phase.of(*services) for phase in phases) / VOLUMES for kind, services in kinds.items()}
        for way, phases in calm.items()
    }
    rows = [
        [way, *(f"{phase.wall:.1f}" for phase in phases), *(f"{count:.2f}" for count in each[way].values())]
        for way, phases in calm.items()
    ]
    own, peer = each.values()
    marked, _ = calm["Cloud Custodian"]
    at_once = VOLUMES / marked.calls["ec2:CreateTags"]
    return (
        f"{VOLUMES:,} unattached volumes, made alike in an account for each way on one embedded engine, without EC2's"
        f" request limits (with them the snapshots alone take {(VOLUMES - 100) / 5:.0f} s, and so do the deletions,"
        f" whoever asks). Cloud Custodian {_version()} runs the policies of its documentation, with the snapshot that"
        f" users put before the deletion: it marks {at_once:.0f} volumes a request, begins the snapshots one after the"
        " other, and deletes without waiting for their end or looking again. This clean-up makes"
        f" **{own['EC2'] / peer['EC2']:.1f} times** the requests to EC2, as it marks each volume by itself and looks at"
        " each right before it deletes it, and it writes down in a ledger what it begins and what it has done, three"
        f" times a volume. It runs in {WORKERS} processes, as its machine works on {WORKERS} pages at a time; the"
        " machine itself, and the minute between two looks at snapshots (here half a second), are not in the times."
        "\n\n" + table(["", "mark s", "snapshot, delete s", *(f"{kind} requests a volume" for kind in kinds)], rows)
    )


def _rough(rough: dict[str, list[str]]) -> str:
    head = ["", "attached, left", "in error, left", "others, deleted", "snapshots", "how it ended"]
    return (
        f"What became of {DISTURBED} more, when of those whose turn came last {ATTACHED} were attached, {VANISHED}"
        f" deleted and {BROKEN} put into the state `error` as soon as the first snapshot began:\n\n"
        + table(head, [[way, *outcome] for way, outcome in rough.items()])
    )


def _version() -> str:
    [version] = re.findall(r"^c7n==(\S+)$", (ROOT / "requirements" / "benchmarks.in").read_text(), re.MULTILINE)
    return str(version)


def main() -> str:
    """Run the benchmark; return its section of the document."""
    with workbench(CleanupBench) as bench:
        return f"## Volume clean-up\n\n{measure(bench)}"


if __name__ == "__main__":
    print(machine(), main(), sep="\n\n")
