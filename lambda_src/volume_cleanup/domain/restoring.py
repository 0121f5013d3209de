"""What a snapshot has to say so that the volume can be made again; `scripts/restore_volume.py` reads it."""

from collections.abc import Mapping

from volume_cleanup.domain.marks import PREFIX
from volume_cleanup.domain.volume import Volume

RESTORE = "restore-"
VOLUME_ID, RUN = f"{RESTORE}volume-id", f"{PREFIX}run"
MAX_TAGS = 50  # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions


def snapshot_tags(volume: Volume, run_id: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the snapshot's tags: what restoring needs, and the volume's own; second, those that found no room."""
    facts = {
        VOLUME_ID: volume.volume_id,
        f"{RESTORE}size": volume.gib,
        f"{RESTORE}type": volume.kind,
        f"{RESTORE}zone": volume.zone,
        f"{RESTORE}iops": volume.iops,
        f"{RESTORE}throughput": volume.throughput,
        f"{RESTORE}kms-key": volume.kms_key,
    }
    needed = {RUN: run_id} | {key: str(value) for key, value in facts.items() if value}
    own = sorted(_own(volume.tags).items())
    room = MAX_TAGS - len(needed)
    return dict(own[:room]) | needed, dict(own[room:])


def _own(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags that people gave: neither AWS's, which nobody may set, nor marks, nor an earlier restoring's."""
    return {key: value for key, value in tags.items() if not key.startswith(("aws:", PREFIX, RESTORE))}
