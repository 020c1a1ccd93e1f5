"""DynamoDB over HTTP: answers all operations of the store, where no engine in the process does.

The store writes and reads items as DynamoDB's JSON has them. botocore's client makes that JSON by a description of the
service, reads the answer by the same, and asks a dozen handlers on the way: that was three fifths of the CPU of an
operation, and two fifths of that of a check. Of botocore are the endpoint, the credentials with their refresh, the
signature, and the connections with their errors. Nothing is tried again here (`store.database`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast
from zlib import crc32

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ChecksumError, ClientError, NoCredentialsError, ResponseStreamingError
from botocore.session import get_session

from chalicelib.once import Once
from chalicelib.store.schema import Operation

CONNECT_TIMEOUT, READ_TIMEOUT = 1, 4  # seconds; the slowest thousandth of DynamoDB's answers takes a tenth of one
MAX_CONNECTIONS = 64


@dataclass(slots=True, repr=False)  # botocore keeps it in its errors, and there is a token in it
class _Request:
    """What botocore's signature and its connections read of a request; its own classes of it cost as much as both."""

    url: str
    headers: dict[str, str]
    body: bytes
    method: str = "POST"
    params: dict[str, str] = field(default_factory=dict)
    context: dict[str, object] = field(default_factory=dict)
    stream_output: bool = False


class DynamoDB:
    """AWS's in a region, or whoever answers at the endpoint. As whom it is asked is found where botocore looks."""

    def __init__(self, region: str, endpoint: str | None) -> None:
        bounds = Config(
            connect_timeout=CONNECT_TIMEOUT, read_timeout=READ_TIMEOUT, max_pool_connections=MAX_CONNECTIONS
        )
        self._session = get_session()
        # Made now: botocore's sessions are not for threads. Its clients are, and know proxies and certificates.
        # Any: what is private has no types. It is pinned.
        client: Any = self._session.create_client("dynamodb", region_name=region, endpoint_url=endpoint, config=bounds)
        self._client, self._http = client, client._endpoint.http_session  # noqa: SLF001
        self._place = Once(self._resolved)

    def __call__(self, operation: str, request: Operation) -> Operation:
        """The answer. Raises `ClientError` for one that is an error, and botocore's others where none came whole."""
        url, region, name = self._place()
        credentials = self._session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "User-Agent": self._client.meta.config.user_agent,
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
        }
        asked = _Request(url, headers, json.dumps(request).encode())
        SigV4Auth(credentials.get_frozen_credentials(), name, region).add_auth(cast(AWSRequest, asked))
        answer = self._http.send(asked)
        return _read(operation, answer.status_code, answer.headers, answer.content)

    def _resolved(self) -> tuple[str, str, str]:
        """Where all is sent; and the region and the service that are signed."""
        model, context = self._client.meta.service_model.operation_model("GetItem"), dict[str, dict[str, str]]()
        url, *_ = self._client._resolve_endpoint_ruleset(model, {}, context)  # noqa: SLF001
        signing = context.get("signing", {})
        region = signing.get("region", self._client.meta.region_name)
        return f"{url.rstrip('/')}/", region, signing.get("signing_name", "dynamodb")


def _read(operation: str, status: int, headers: Mapping[str, str], body: bytes) -> Operation:
    """What an answer says. Raises as the call does."""
    expected, actual = headers.get("x-amz-crc32"), str(crc32(body))
    if expected not in (None, actual):
        raise ChecksumError(checksum_type="crc32", expected_checksum=expected, actual_checksum=actual)
    said = _object(body)
    if status < HTTPStatus.MULTIPLE_CHOICES:
        if said is None:
            raise ResponseStreamingError(error="truncated")
        return said
    said = said or {}  # a balancer has words of its own
    code = str(said.get("__type", "")).partition(":")[0].rpartition("#")[2] or str(status)
    error = {"Code": code, "Message": said.get("message") or said.get("Message") or ""}
    metadata = {"HTTPStatusCode": status, "RequestId": headers.get("x-amzn-requestid", "")}
    # has more than botocore's type for it knows
    response: Any = said | {"Error": error, "ResponseMetadata": metadata}
    raise ClientError(response, operation)


def _object(body: bytes) -> Operation | None:
    """The JSON object that these bytes are; None where they are no such thing."""
    try:
        said = json.loads(body)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None
