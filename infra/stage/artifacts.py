"""What is deployed, kept in S3: each template and archive under its own hash, and a marker for each deployment.

seatkeeper-artifacts-<account>-<region>/
    <stack>/<sha256>/template.json, deployment.zip
    <stack>/deployed/<UTC time>         which template it was; of a rollback, also which marker it went back to
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from io import BytesIO

from botocore.exceptions import ClientError

from chalicelib.domain.types import Json
from infra.progress import Progress
from infra.stage.aws import Aws
from infra.stage.package import Package
from infra.stage.stages import DeploymentError, StageError


@dataclass(frozen=True, slots=True)
class Marker:
    """One deployment that succeeded."""

    template: str
    """Key of the template, which names the archive."""
    back_to: str = ""
    """Of a rollback: the key of the marker whose release was deployed again."""


class Artifacts:
    """What one stack has in the bucket, which all stages of an account and region share."""

    def __init__(self, aws: Aws, stack: str) -> None:
        self.bucket = f"seatkeeper-artifacts-{aws.account}-{aws.region}"
        self._aws, self._stack, self._s3 = aws, stack, aws.client("s3")
        self._ours = {"Bucket": self.bucket, "ExpectedBucketOwner": aws.account}

    def make_bucket(self) -> None:
        """Make the bucket where there is none: private, encrypted, versioned. Raises `StageError`: another's.

        It is closed each time: who made it may have been interrupted before it was.
        """
        if not self._has_bucket():
            where = {} if self._aws.region == "us-east-1" else {"LocationConstraint": self._aws.region}
            with suppress(self._s3.exceptions.BucketAlreadyOwnedByYou):  # by another operator, or by us, unheard
                self._s3.create_bucket(Bucket=self.bucket, **({"CreateBucketConfiguration": where} if where else {}))
        closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        self._s3.put_public_access_block(**self._ours, PublicAccessBlockConfiguration=dict.fromkeys(closed, True))
        encrypted = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
        self._s3.put_bucket_encryption(**self._ours, ServerSideEncryptionConfiguration=encrypted)
        self._s3.put_bucket_versioning(**self._ours, VersioningConfiguration={"Status": "Enabled"})

    def upload(self, package: Package) -> str:
        """Put the package there, where it is not yet; answers the key of its template."""
        archive = self._put(package.archive.read_bytes(), package.archive.name)
        return self._put(_pointed(package.template.read_bytes(), self.bucket, archive), package.template.name)

    def url(self, key: str) -> str:
        """The address of an object, as CloudFormation takes it."""
        return f"{self._s3.meta.endpoint_url}/{self.bucket}/{key}"

    def mark(self, marker: Marker) -> None:
        """Note that this is deployed now."""
        key = f"{self._stack}/deployed/{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        self._s3.put_object(**self._ours, Key=key, Body=json.dumps(asdict(marker)).encode())

    def markers(self) -> list[str]:
        """The keys of all markers, the oldest first."""
        if not self._has_bucket():
            return []
        pages = self._s3.get_paginator("list_objects_v2").paginate(**self._ours, Prefix=f"{self._stack}/deployed/")
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def read_marker(self, key: str) -> Marker:
        """What a marker says."""
        return Marker(**json.loads(self._s3.get_object(**self._ours, Key=key)["Body"].read()))

    def remove(self) -> None:
        """Take away all that the stack has there, in all versions; and the bucket, when nothing is left in it."""
        if not self._has_bucket():
            return
        for page in self._versions(Prefix=f"{self._stack}/"):
            found = page.get("Versions", []) + page.get("DeleteMarkers", [])
            if found:
                objects = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
                response = self._s3.delete_objects(**self._ours, Delete={"Objects": objects, "Quiet": True})
                for kept in response.get("Errors", []):
                    raise DeploymentError(f"AWS does not delete {kept['Key']} in {self.bucket}: {kept['Message']}")
        if not any(page.get("Versions") or page.get("DeleteMarkers") for page in self._versions(MaxKeys=1)):
            self._s3.delete_bucket(**self._ours)

    def _versions(self, **which: str | int) -> Iterable[Json]:
        pages: Iterable[Json] = self._s3.get_paginator("list_object_versions").paginate(**self._ours, **which)
        return pages

    def _has_bucket(self) -> bool:
        try:
            self._s3.head_bucket(**self._ours)
        except ClientError as error:
            match error.response["ResponseMetadata"]["HTTPStatusCode"]:
                case 404:
                    return False
                case 403:
                    raise StageError(f"The bucket {self.bucket} is not open to you, or is another account's.") from None
            raise
        return True

    def _put(self, content: bytes, name: str) -> str:
        key = f"{self._stack}/{hashlib.sha256(content).hexdigest()}/{name}"
        try:
            self._s3.head_object(**self._ours, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            self._send(key, content, name)
        return key

    def _send(self, key: str, content: bytes, name: str) -> None:
        sent, progress = 0, Progress(f"KB of {name} sent", len(content) // 1024)

        def note(more: int) -> None:
            nonlocal sent
            sent += more
            progress.show(sent // 1024)

        owner = {"ExpectedBucketOwner": self._aws.account}
        self._s3.upload_fileobj(BytesIO(content), self.bucket, key, ExtraArgs=owner, Callback=note)


def release_before(markers: list[str], read: Callable[[str], Marker]) -> tuple[str, Marker] | None:
    """The deployment to go back to, with its key: the one before the current, of another release; or None.

    After a rollback the current one is what it went back to, so that another goes back further.
    """
    if not markers:
        return None
    current = read(markers[-1])
    origin, marker = markers[-1], current
    while marker.back_to:
        origin, marker = marker.back_to, read(marker.back_to)
    for key in reversed(markers[: markers.index(origin)]):
        if (earlier := read(key)).template != current.template:
            return key, earlier
    return None


def _pointed(template: bytes, bucket: str, archive: str) -> bytes:
    """The template, with functions whose code is the archive in the bucket."""
    document = json.loads(template)
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": archive}
    return json.dumps(document, indent=1, sort_keys=True).encode()
