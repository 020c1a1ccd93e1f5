"""The operator's own AWS: the account and region that the environment names, as every AWS tool reads it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)

from chalicelib.domain.types import AwsClient
from infra.stage.stages import DeploymentError, StageError

_UNKNOWN_KEY = frozenset({"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "SignatureDoesNotMatch"})

_PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 8})
"""Half a minute of no answers, or of too many askers, ends nothing that takes minutes."""


@dataclass(frozen=True, slots=True)
class Aws:
    """One account in one region."""

    session: boto3.Session
    account: str

    @property
    def region(self) -> str:
        """Where the stage is."""
        return str(self.session.region_name)

    def client(self, service: str) -> AwsClient:
        """What speaks to a service."""
        return self.session.client(service, config=_PATIENT)  # type: ignore[call-overload] # of any service


def connect() -> Aws:
    """The operator's AWS, having asked it who we are. Raises `StageError`."""
    try:
        session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
        if not session.region_name:
            raise StageError(
                "No region is set: put one into AWS_REGION, or name a profile that has one in AWS_PROFILE."
            )
        return Aws(session, session.client("sts").get_caller_identity()["Account"])
    except (NoCredentialsError, PartialCredentialsError):
        raise StageError("There are no AWS credentials: log in (aws sso login), or set AWS_PROFILE.") from None
    except ProfileNotFound as error:
        raise StageError(f"{error}.") from None
    except ClientError as error:
        if error.response["Error"]["Code"] in _UNKNOWN_KEY:
            raise StageError("AWS does not take the credentials, or no more: log in again.") from None
        raise StageError(f"AWS does not say who you are: {error.response['Error']['Message']}") from None
    except (BotoCoreError, ValueError) as error:  # a malformed AWS_ENDPOINT_URL is a mere ValueError
        raise StageError(f"AWS cannot be reached: {error}") from None


@contextmanager
def translated_errors() -> Iterator[None]:
    """What AWS refuses, or does not answer, as `DeploymentError` with its own words."""
    try:
        yield
    except ClientError as error:
        raise DeploymentError(f"AWS refuses {error.operation_name}: {error.response['Error']['Message']}") from None
    except BotoCoreError as error:
        raise DeploymentError(f"AWS does not answer: {error}") from None
