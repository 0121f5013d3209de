"""The builds of the GitOps pipeline, each project with a role that may do just what its build has to."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.engine.builds import ENVIRONMENT, Builds
from tests.engine.denials import ARN

SPECIFICATIONS = "modules/workflows/gitops_pipeline/buildspecs"
SCANS = ("policy_scan", "secret_scan", "dependency_audit", "unit_tests")
RUN = "0a1b2c3d4e5f-01234567"
MINUTES = 480  # a test engine's minute is a second
SECONDS = 120

type Statement = dict[str, Any]


class Pipeline:
    """A bucket, a signing key, a repository, and a project for each of the pipeline's builds."""

    def __init__(self, builds: Builds, client: Callable[[str], Any], repository: str) -> None:
        self.builds = builds
        self.client = client
        self.bucket = f"pipeline-{uuid4().hex[:12]}"
        found = client("codecommit").get_repository(repositoryName=repository)["repositoryMetadata"]
        self._repository: dict[str, str] = {"arn": found["Arn"], "url": found["cloneUrlHttp"]}
        self._key = client("kms").create_key()["KeyMetadata"]["Arn"]
        self.signing_key = client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"][
            "Arn"
        ]
        self._make_bucket()
        self._projects: dict[str, str] = {}

    def _make_bucket(self) -> None:
        s3 = self.client("s3")
        s3.create_bucket(Bucket=self.bucket)
        s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self._key}
        rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]}
        s3.put_bucket_encryption(Bucket=self.bucket, ServerSideEncryptionConfiguration=rules)

    def make(self, build: str, *statements: Statement, **variables: str) -> None:
        """Make the project of a build, with what its role may do beside pulling, and what the project tells it."""
        pulling = allow("codecommit:GitPull", self._repository["arn"])
        through = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
        key = {**allow(["kms:Decrypt", "kms:GenerateDataKey"], self._key), "Condition": through}
        told = [{"name": name, "value": value} for name, value in variables.items()]
        self._projects[build] = self.builds.make(
            f"{SPECIFICATIONS}/{build}.yml",
            pulling,
            key,
            *statements,
            source={"type": "CODECOMMIT", "location": self._repository["url"], "gitCloneDepth": 1},
            environment={**ENVIRONMENT, "environmentVariables": told},
            timeoutInMinutes=MINUTES,
        )

    def role(self, build: str) -> str:
        """Return the ARN of a project's role."""
        [project] = self.builds.codebuild.batch_get_projects(names=[self._projects[build]])["projects"]
        return str(project["serviceRole"])

    def start(self, build: str, commit: str, **variables: str) -> str:
        """Start a build of a commit as the pipeline's machine does; return its id."""
        told = [{"name": name, "value": value} for name, value in variables.items()]
        return self.builds.start(self._projects[build], sourceVersion=commit, environmentVariablesOverride=told)

    def end(self, build: str) -> dict[str, Any]:
        """Return a build once it is complete."""
        return self.builds.end(build, SECONDS)

    def succeeded(self, build: str) -> dict[str, Any]:
        """Return a build that must succeed once it is complete."""
        found = self.end(build)
        assert found["buildStatus"] == "SUCCEEDED", "\n".join(self.builds.whole_log(found))
        return found

    def failed(self, build: str) -> list[str]:
        """Return the log of a build that must fail once it is complete."""
        found = self.end(build)
        log = self.builds.log(found)
        assert found["buildStatus"] == "FAILED", "\n".join(log)
        return log

    def objects(self, *paths: str) -> list[str]:
        """Return the ARNs of objects in the pipeline's bucket."""
        return [f"arn:aws:s3:::{self.bucket}/{path}" for path in paths]

    def report(self, key: str) -> dict[str, Any]:
        """Return a scan's report."""
        document: dict[str, Any] = json.loads(self.read(key))
        return document

    def read(self, key: str, **version: str) -> bytes:
        """Return an object of the pipeline's bucket."""
        body: bytes = self.client("s3").get_object(Bucket=self.bucket, Key=key, **version)["Body"].read()
        return body


def allow(action: str | list[str], resource: str | list[str]) -> Statement:
    """Return a statement of a policy."""
    return {"Action": action, "Resource": resource}


def make_scans(pipeline: Pipeline) -> None:
    """Make the projects of the scans."""
    for scan in SCANS:
        putting = allow("s3:PutObject", pipeline.objects(f"runs/*/reports/{scan}.json"))
        pipeline.make(scan, putting, BUCKET=pipeline.bucket)


def make_build(pipeline: Pipeline) -> None:
    """Make the project that builds."""
    putting = allow("s3:PutObject", pipeline.objects("artifacts/*"))
    signing = allow("kms:Sign", pipeline.signing_key)
    pipeline.make("build", putting, signing, BUCKET=pipeline.bucket, SIGNING_KEY=pipeline.signing_key)


def make_deploy(pipeline: Pipeline, deployers: dict[str, str]) -> None:
    """Make the projects that plan and apply, each with a deployer's role that it, and nobody else, may assume."""
    artifacts = allow("s3:GetObject", pipeline.objects("artifacts/*"))
    kept = {
        "plan": allow("s3:PutObject", pipeline.objects("runs/*/plan.*")),
        "apply": allow("s3:GetObjectVersion", pipeline.objects("runs/*/plan.tfplan")),
    }
    for build, statement in kept.items():
        assuming = allow("sts:AssumeRole", deployers[build])
        told = {"BUCKET": pipeline.bucket, "DEPLOYER_ROLE_ARN": deployers[build]}
        pipeline.make(build, artifacts, statement, assuming, **told)
        trust = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
            "Condition": {"StringEquals": {"aws:PrincipalArn": pipeline.role(build)}},
        }
        pipeline.client("iam").update_assume_role_policy(
            RoleName=deployers[build].rpartition("/")[2],
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )


def make_smoke_test(pipeline: Pipeline, prefix: str) -> None:
    """Make the project that tests what is live under names that begin with a prefix."""
    functions = ARN.format("lambda", f"function:{prefix}*")
    calling = allow(["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"], functions)
    pipeline.make("smoke_test", calling, TARGET_PREFIX=prefix)


def exported(build: dict[str, Any]) -> dict[str, str]:
    """Return the variables that a build hands out."""
    return {each["name"]: each["value"] for each in build["exportedEnvironmentVariables"]}
