"""The key that signs links, rotated while links are on their way."""

from tests.e2e.approvals import Approvals, decide, wait


def test_a_link_outlives_one_rotation_and_not_two(desk: Approvals) -> None:
    with desk.changed_policy(deadline_seconds=20, reminders=0):
        request_id = desk.submit()
        early, late = (desk.link(request_id, name) for name in ("bert", "cleo"))
    rotate(desk)
    assert decide(early, "approve").status == 200
    rotate(desk)
    assert decide(late, "approve").status == 403
    assert list(desk.request(request_id)["votes"]) == ["bert"]
    assert desk.ended(request_id) == "Expired"


def rotate(desk: Approvals) -> None:
    """Let Secrets Manager replace the key."""
    secrets, secret = desk.deployment.client("secretsmanager"), {"SecretId": desk.outputs["link_key_secret"]}
    before = secrets.get_secret_value(**secret)["VersionId"]
    secrets.rotate_secret(**secret)
    wait(lambda: secrets.get_secret_value(**secret)["VersionId"] != before)
