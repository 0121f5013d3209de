"""CodeCommit: real git repositories behind its API, whose pushes are events."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from scripts.local_engine import Engine
from tests.engine.denials import ARN, denied
from tests.engine.repositories import GIT, Clone, Repositories
from tests.engine.waiting import until

type Clients = Callable[[str], Any]
NO_COMMIT = "1" * 40


@pytest.fixture(scope="session")
def codecommit(client: Clients) -> Any:
    return client("codecommit")


@pytest.fixture
def events(client: Clients, name: str) -> Iterator[Callable[[int], list[dict[str, Any]]]]:
    """Return the next so many events of CodeCommit."""
    queue = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    arn = ARN.format("sqs", name)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    rules = client("events")
    rules.put_rule(Name=name, EventPattern=json.dumps({"source": ["aws.codecommit"]}))
    rules.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    got: list[dict[str, Any]] = []

    def receive(count: int) -> list[dict[str, Any]]:
        def enough() -> bool:
            messages = client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
            got.extend(json.loads(message["Body"]) for message in messages)
            return len(got) >= count

        until(enough)
        found, got[:] = got[:count], got[count:]
        return found

    yield receive
    rules.remove_targets(Rule=name, Ids=["queue"])
    rules.delete_rule(Name=name)


def refused(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    return str(refusal.value.response["Error"]["Code"])


def path_of(clone: Clone) -> Path:
    return Path(urlsplit(clone.url).path)


def test_the_life_of_a_repository(codecommit: Any, name: str) -> None:
    made = codecommit.create_repository(repositoryName=name, repositoryDescription="Mine", tags={"owner": "ada"})
    metadata = made["repositoryMetadata"]
    assert metadata == codecommit.get_repository(repositoryName=name)["repositoryMetadata"]
    assert (metadata["Arn"], metadata["repositoryDescription"]) == (ARN.format("codecommit", name), "Mine")
    assert "defaultBranch" not in metadata
    assert refused(codecommit.create_repository, repositoryName=name) == "RepositoryNameExistsException"
    codecommit.update_repository_description(repositoryName=name, repositoryDescription="")
    assert "repositoryDescription" not in codecommit.get_repository(repositoryName=name)["repositoryMetadata"]
    codecommit.tag_resource(resourceArn=metadata["Arn"], tags={"stage": "dev"})
    codecommit.untag_resource(resourceArn=metadata["Arn"], tagKeys=["owner"])
    assert codecommit.list_tags_for_resource(resourceArn=metadata["Arn"])["tags"] == {"stage": "dev"}
    listed = codecommit.list_repositories()["repositories"]
    assert {"repositoryName": name, "repositoryId": metadata["repositoryId"]} in listed
    assert codecommit.delete_repository(repositoryName=name)["repositoryId"] == metadata["repositoryId"]
    assert "repositoryId" not in codecommit.delete_repository(repositoryName=name)
    assert refused(codecommit.get_repository, repositoryName=name) == "RepositoryDoesNotExistException"
    assert not Path(urlsplit(metadata["cloneUrlHttp"]).path).exists()


@pytest.mark.parametrize("wrong", ["with space", "../up", "a.git", "x" * 101])
def test_names_that_are_refused(codecommit: Any, wrong: str) -> None:
    assert refused(codecommit.create_repository, repositoryName=wrong) == "InvalidRepositoryNameException"


def test_a_push_makes_a_branch_and_an_event(codecommit: Any, repositories: Repositories, events: Any) -> None:
    clone = repositories.make()
    first = clone.push({"README.md": "one"})
    second = clone.push({"README.md": "two"})
    clone.run("tag", "--annotate", "--message", "First", "v1")
    clone.run("push", "--quiet", clone.url, "v1", "HEAD:refs/heads/other")
    clone.run("push", "--quiet", "--delete", clone.url, "other")
    created, updated, *both, deleted = events(5)
    metadata = codecommit.get_repository(repositoryName=clone.name)["repositoryMetadata"]
    assert metadata["defaultBranch"] == "main"
    assert (created["source"], created["resources"]) == ("aws.codecommit", [clone.arn])
    assert created["detail-type"] == "CodeCommit Repository State Change"
    about = {"repositoryName": clone.name, "repositoryId": metadata["repositoryId"]}
    about |= {"referenceType": "branch", "referenceName": "main", "referenceFullName": "refs/heads/main"}
    about["callerUserArn"] = "arn:aws:iam::000000000000:root"
    assert created["detail"] == {**about, "event": "referenceCreated", "commitId": first}
    assert updated["detail"] == {
        **about, "event": "referenceUpdated", "commitId": second, "oldCommitId": first,
    }  # fmt: skip
    tagged = next(event["detail"] for event in both if event["detail"]["referenceType"] == "tag")
    assert (tagged["referenceName"], tagged["commitId"]) == ("v1", second), "a tag's event names the commit"
    assert deleted["detail"] == {
        **about, "event": "referenceDeleted", "oldCommitId": second,
        "referenceName": "other", "referenceFullName": "refs/heads/other",
    }  # fmt: skip
    assert codecommit.list_branches(repositoryName=clone.name)["branches"] == ["main"]


def test_a_push_succeeds_without_the_engine(repositories: Repositories) -> None:
    clone = repositories.make()
    hook = path_of(clone) / "hooks" / "post-receive"
    hook.write_text(hook.read_text().replace("http://127.0.0.1:", "http://127.0.0.1:1/"))
    clone.commit({"README.md": "one"})
    said = clone.run("push", "origin", "HEAD:refs/heads/main")
    assert "The engine was not told of this push" in said
    hook.write_text("#!/bin/sh\n/no/such/python || :\n")
    clone.push({"README.md": "two"})


def test_the_default_branch_is_cloned_and_cannot_be_deleted(codecommit: Any, repositories: Repositories) -> None:
    clone = repositories.make()
    clone.push({"README.md": "one"}, branch="trunk")
    clone.push({"README.md": "two"}, branch="other")
    codecommit.update_default_branch(repositoryName=clone.name, defaultBranchName="other")
    wrong = {"repositoryName": clone.name, "defaultBranchName": "none"}
    assert refused(codecommit.update_default_branch, **wrong) == "BranchDoesNotExistException"
    head = subprocess.run(
        ["git", "ls-remote", "--symref", clone.url, "HEAD"], env=GIT, capture_output=True, text=True, check=True
    )
    assert "refs/heads/other" in head.stdout
    deletion = subprocess.run(
        ["git", "push", "--delete", clone.url, "other"], cwd=clone.directory, env=GIT, capture_output=True, check=False
    )
    assert deletion.returncode != 0


def test_commits_files_and_differences(codecommit: Any, repositories: Repositories) -> None:
    clone = repositories.make()
    first = clone.push({"a.txt": "one", "folder/b.txt": "two"})
    (clone.directory / "a.txt").unlink()
    second = clone.push({"folder/b.txt": "three", "c d.txt": "four"})
    of = {"repositoryName": clone.name}
    assert codecommit.get_branch(**of, branchName="main")["branch"] == {"branchName": "main", "commitId": second}
    commit = codecommit.get_commit(**of, commitId=second)["commit"]
    assert (commit["parents"], commit["message"]) == ([first], "Change\n")
    assert commit["author"] == {"name": "Ada Lovelace", "email": "ada@example.com", "date": "1767319445 +0100"}
    got = codecommit.get_file(**of, filePath="folder/b.txt", commitSpecifier=first)
    assert (got["fileContent"], got["fileSize"], got["fileMode"], got["commitId"]) == (b"two", 3, "NORMAL", first)
    assert codecommit.get_file(**of, filePath="c d.txt", commitSpecifier="main")["fileContent"] == b"four"
    between = {**of, "beforeCommitSpecifier": first, "afterCommitSpecifier": "main"}
    page = codecommit.get_differences(**between, MaxResults=2)
    rest = codecommit.get_differences(**between, MaxResults=2, NextToken=page["NextToken"])
    changes = [
        (each["changeType"], (each.get("afterBlob") or each["beforeBlob"])["path"])
        for each in page["differences"] + rest["differences"]
    ]
    assert changes == [("D", "a.txt"), ("A", "c d.txt"), ("M", "folder/b.txt")]
    assert len(codecommit.get_differences(**of, afterCommitSpecifier=first)["differences"]) == 2
    assert refused(codecommit.get_branch, **of, branchName="no") == "BranchDoesNotExistException"
    assert refused(codecommit.get_commit, **of, commitId=NO_COMMIT) == "CommitIdDoesNotExistException"
    assert refused(codecommit.get_commit, **of, commitId="main") == "InvalidCommitIdException"
    assert refused(codecommit.get_file, **of, filePath="none") == "FileDoesNotExistException"
    assert refused(codecommit.get_file, **of, filePath="a", commitSpecifier="no") == "CommitDoesNotExistException"


def test_a_comment_is_written_once_for_each_token(
    codecommit: Any, repositories: Repositories, events: Any, as_role: Any
) -> None:
    clone = repositories.make()
    first, second = clone.push({"a": "1"}), clone.push({"a": "2"})
    events(2)
    of = {"repositoryName": clone.name, "beforeCommitId": first, "afterCommitId": second}
    told = {**of, "content": "Deployed.", "clientRequestToken": "run-1"}
    role = as_role({"Action": "codecommit:PostCommentForComparedCommit", "Resource": clone.arn})
    comment = role("codecommit").post_comment_for_compared_commit(**told)["comment"]
    assert codecommit.post_comment_for_compared_commit(**told)["comment"] == comment
    other = {**told, "content": "Rejected."}
    assert refused(codecommit.post_comment_for_compared_commit, **other) == "IdempotencyParameterMismatchException"
    [found] = codecommit.get_comments_for_compared_commit(**of)["commentsForComparedCommitData"]
    assert [each["content"] for each in found["comments"]] == ["Deployed."]
    assert comment["authorArn"].startswith("arn:aws:sts::000000000000:assumed-role/role-")
    [event] = events(1)
    assert event["detail-type"] == "CodeCommit Comment on Commit"
    assert event["detail"]["afterCommitId"] == second
    same = {**told, "beforeCommitId": second, "clientRequestToken": "run-2"}
    code = "BeforeCommitIdAndAfterCommitIdAreSameException"
    assert refused(codecommit.post_comment_for_compared_commit, **same) == code


def test_permissions_are_asked_for_the_repository(as_role: Any, repositories: Repositories) -> None:
    mine, other = repositories.make(), repositories.make()
    role = as_role({"Action": ["codecommit:GetBranch", "codecommit:ListTagsForResource"], "Resource": mine.arn})
    mine.push({"a": "1"})
    assert role("codecommit").get_branch(repositoryName=mine.name, branchName="main")
    assert role("codecommit").list_tags_for_resource(resourceArn=mine.arn)["tags"] == {}
    message = denied(role("codecommit").get_branch, repositoryName=other.name, branchName="main")
    assert f"codecommit:GetBranch on resource: {other.arn}" in message
    assert "codecommit:GetRepository" in denied(role("codecommit").get_repository, repositoryName=mine.name)


def test_a_customer_s_key_is_needed_to_read(
    as_role: Any, repositories: Repositories, codecommit: Any, client: Clients
) -> None:
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    clone = repositories.make(kmsKeyId=key)
    clone.push({"a": "1"})
    reading = {"Action": "codecommit:GetBranch", "Resource": clone.arn}
    arguments = {"repositoryName": clone.name, "branchName": "main"}
    assert "kms:Decrypt" in denied(as_role(reading)("codecommit").get_branch, **arguments)
    through = {"StringEquals": {"kms:ViaService": "codecommit.us-east-1.amazonaws.com"}}
    decrypting = {"Action": "kms:Decrypt", "Resource": key, "Condition": through}
    assert as_role(reading, decrypting)("codecommit").get_branch(**arguments)
    other = client("kms").create_key()["KeyMetadata"]["Arn"]
    changed = codecommit.update_repository_encryption_key(repositoryName=clone.name, kmsKeyId=other)
    assert (changed["kmsKeyId"], changed["originalKmsKeyId"]) == (other, key)


def test_a_repository_whose_content_is_gone_is_no_reason_to_fail(
    repositories: Repositories, codecommit: Any, engine: Engine
) -> None:
    clone = repositories.make()
    assert path_of(clone).is_relative_to(engine.directory)
    shutil.rmtree(path_of(clone))
    assert codecommit.delete_repository(repositoryName=clone.name)["repositoryId"]
