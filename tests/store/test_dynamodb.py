"""How DynamoDB is asked over HTTP: held against botocore's own client, and against servers that misbehave."""

import hashlib
import hmac
import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ChecksumError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
)
from botocore.httpsession import URLLib3Session

from chalicelib.store import database, dynamodb
from chalicelib.store.database import ConditionFailed, may_have_committed
from chalicelib.store.dynamodb import DynamoDB
from tests import roto
from tests.dynamodb_local import ENDPOINT as DYNAMODB_LOCAL
from tests.embedded.engines import ask, table_request
from tests.store.http_stub import Line, Received, Stub, answering, breaks_off, is_silent, says
from tests.tls import self_signed

REGION = "eu-central-1"
EXCEPTION = "com.amazonaws.dynamodb.v20120810#"
ASKED: tuple[str, dict[str, Any]] = ("GetItem", {"TableName": "dev-licenses", "Key": {"pk": {"S": "a"}}})
FOUND = {"Item": {"pk": {"S": "a"}, "name": {"S": "Ada ✓ \U0001f600"}, "n": {"N": "7"}}}


@contextmanager
def asking(*lines: Line) -> Iterator[tuple[DynamoDB, Stub]]:
    """Who asks a server with this script."""
    with answering(*lines) as stub:
        yield DynamoDB(REGION, stub.url), stub


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[DynamoDB, Stub]]:
    """The same for all tests that bring no more than a script (`play`): to open a client takes a while."""
    with asking(says(FOUND)) as made:
        yield made


def botocores(region: str, endpoint: str | None) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    """The same by botocore's own client."""
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    client: Any = botocore.session.get_session().create_client(
        "dynamodb", region_name=region, endpoint_url=endpoint, config=config
    )
    send: Callable[[str, dict[str, Any]], dict[str, Any]] = client._make_api_call  # noqa: SLF001 - takes any operation by its name
    return send


# --- as botocore does it -----------------------------------------------------------------------------------------

KEY = {"pk": {"S": "p"}, "part": {"S": "a"}}
ITEM = KEY | {"n": {"N": "1.50"}, "on": {"BOOL": False}, "none": {"NULL": True}, "name": {"S": 'é\n"\U0001f600'}}
ITEM |= {"set": {"SS": ["a", "b"]}, "map": {"M": {"x": {"L": [{"N": "0"}]}}}}
NEW = {"ConditionExpression": "attribute_not_exists(pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


OWN = "own"
"""A table that no other test asks: all that run on one DynamoDB Local do so side by side."""


def in_own(**request: Any) -> dict[str, Any]:
    return {"TableName": OWN, **request}


REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("PutItem", in_own(Item=ITEM)),
    ("GetItem", in_own(Key=KEY, ConsistentRead=True)),
    ("GetItem", in_own(Key=KEY | {"part": {"S": "none"}})),
    ("PutItem", in_own(Item=ITEM, **NEW)),
    (
        "TransactWriteItems",
        {"TransactItems": [{"Put": in_own(Item=ITEM | {"part": {"S": part}}, **NEW)} for part in "bac"]},
    ),
    ("TransactWriteItems", {"TransactItems": [{"Put": in_own(Item=ITEM | {"part": {"S": p}})} for p in "bc"]}),
    ("TransactGetItems", {"TransactItems": [{"Get": in_own(Key=KEY | {"part": {"S": part}})} for part in "bx"]}),
    (
        "UpdateItem",
        in_own(
            Key=KEY,
            UpdateExpression="ADD n :n",
            ExpressionAttributeValues={":n": {"N": "1"}},
            ReturnValues="ALL_NEW",
            ReturnConsumedCapacity="TOTAL",
        ),
    ),
    ("BatchGetItem", {"RequestItems": {OWN: {"Keys": [KEY | {"part": {"S": part}} for part in "abx"]}}}),
    (
        "Query",
        in_own(KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "p"}}, Limit=2),
    ),
    ("BatchWriteItem", {"RequestItems": {OWN: [{"DeleteRequest": {"Key": KEY}}]}}),
    ("DeleteItem", in_own(Key=KEY | {"part": {"S": "b"}}, ReturnValues="ALL_OLD")),
    ("UpdateItem", in_own(Key=KEY, UpdateExpression="SET n = nonsense(")),
    ("GetItem", {"TableName": "no-such-table", "Key": KEY}),
]


def test_all_that_is_asked_is_answered_as_by_botocores_client() -> None:
    with _engine() as endpoint:
        ours, theirs = DynamoDB("us-east-1", endpoint), botocores("us-east-1", endpoint)
        ask(ours, "CreateTable", table_request(OWN, ("pk", "part")))
        answers = []
        for send in ours, theirs:
            answers.append([_whole(send, *request) for request in REQUESTS])
            for part in "abc":
                send("DeleteItem", in_own(Key=KEY | {"part": {"S": part}}))
    for request, ours_said, theirs_said in zip(REQUESTS, *answers, strict=True):
        assert ours_said == theirs_said, request


@contextmanager
def _engine() -> Iterator[str]:
    if DYNAMODB_LOCAL:
        yield DYNAMODB_LOCAL
        return
    with roto.start(None) as running:
        yield running.endpoint


def _whole(send: Callable[[str, dict[str, Any]], dict[str, Any]], name: str, request: dict[str, Any]) -> object:
    try:
        answer = send(name, json.loads(json.dumps(request)))
    except ClientError as error:
        said: dict[str, Any] = dict(error.response)
        status = said.pop("ResponseMetadata")["HTTPStatusCode"]
        reasons = [{key: value for key, value in each.items() if value} for each in said.get("CancellationReasons", [])]
        return status, said["Error"], reasons, ask(send, name, request)
    left = {key: value for key, value in answer.items() if key not in ("ResponseMetadata", "Responses")}
    return left, ask(send, name, request) if name in ("BatchGetItem", "TransactGetItems") else None


@pytest.mark.parametrize(
    ("region", "settings"),
    [
        ("us-east-1", {}),
        ("cn-north-1", {}),
        ("us-gov-west-1", {"AWS_USE_FIPS_ENDPOINT": "true"}),
        (REGION, {"AWS_USE_DUALSTACK_ENDPOINT": "true"}),
        (REGION, {"AWS_ACCOUNT_ID": "123456789012"}),
        (REGION, {"AWS_ACCOUNT_ID": "123456789012", "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled"}),
        (REGION, {"AWS_SESSION_TOKEN": "a token", "HTTPS_PROXY": "http://127.0.0.1:9"}),
    ],
    ids=str,
)
def test_it_is_sent_where_and_signed_as_botocores_client_does(
    region: str, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    sent: list[tuple[str, str, bool, str]] = []

    def caught(session: Any, request: Any) -> None:
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        scope = headers["authorization"].partition("Credential=")[2].partition(",")[0].split("/")
        proxy = session._proxy_config.proxy_url_for(request.url)  # noqa: SLF001 - nobody else tells
        sent.append((request.url, "/".join(scope[:1] + scope[2:]), "x-amz-security-token" in headers, proxy))
        raise EndpointConnectionError(endpoint_url=request.url)

    monkeypatch.setattr(URLLib3Session, "send", caught)
    for send in DynamoDB(region, None), botocores(region, None):
        with pytest.raises(EndpointConnectionError):
            send(*ASKED)
    ours, theirs = sent
    assert ours == theirs
    assert ours[0].startswith("https://")


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def test_the_signature_is_of_the_whole_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a token")
    with asking(says(FOUND)) as (send, stub):
        assert send(*ASKED) == FOUND
    [received] = stub.received
    assert (received.method, received.path, json.loads(received.body)) == ("POST", "/", ASKED[1])
    assert received.headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert received.headers["content-type"] == "application/x-amz-json-1.0"
    assert received.headers["x-amz-security-token"] == "a token"
    assert {"host", "x-amz-date", "x-amz-security-token", "x-amz-target"} <= set(_signed(received))
    assert received.headers["authorization"].endswith(f"Signature={_signature(received, 'local')}")


def _signed(received: Received) -> list[str]:
    return received.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")


def _signature(received: Received, secret: str) -> str:
    """Signature Version 4, by AWS's description of it."""
    _, day, region, service, end = (
        received.headers["authorization"].partition("Credential=")[2].partition(",")[0].split("/")
    )
    names, body = _signed(received), hashlib.sha256(received.body).hexdigest()
    headers = "".join(f"{name}:{received.headers[name]}\n" for name in names)
    canonical = f"{received.method}\n{received.path}\n\n{headers}\n{';'.join(names)}\n{body}"
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, end):
        key = hmac.digest(key, part.encode(), "sha256")
    scope = f"{day}/{region}/{service}/{end}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{received.headers['x-amz-date']}\n{scope}\n{digest}"
    return hmac.new(key, text.encode(), "sha256").hexdigest()


# --- as whom -----------------------------------------------------------------------------------------------------


def test_credentials_of_a_role_are_taken_anew_before_they_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    minutes, numbers = [1], count(1)

    def role(handler: BaseHTTPRequestHandler) -> None:
        number = next(numbers)
        until = (datetime.now(UTC) + timedelta(minutes=minutes[0])).strftime("%Y-%m-%dT%H:%M:%SZ")
        keys = {"AccessKeyId": f"key{number}", "SecretAccessKey": f"secret{number}", "Token": f"token{number}"}
        says(keys | {"Expiration": until})(handler)

    with answering(role) as roles, answering(says(FOUND)) as stub:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{roles.url}/role")
        send = DynamoDB(REGION, stub.url)
        send(*ASKED)
        send(*ASKED)
        minutes[0] = 60
        send(*ASKED)
        send(*ASKED)
    tokens = [received.headers["x-amz-security-token"] for received in stub.received]
    last = int(tokens[-1].removeprefix("token"))
    assert tokens == [f"token{number}" for number in (last - 2, last - 1, last, last)]
    for token, received in zip(tokens, stub.received, strict=True):
        assert received.headers["authorization"].endswith(_signature(received, token.replace("token", "secret")))


def test_without_credentials_nothing_is_sent_until_there_are_some(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with asking(says(FOUND)) as (send, stub):
        with pytest.raises(NoCredentialsError):
            send(*ASKED)
        assert stub.received == []
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
        assert send(*ASKED) == FOUND


# --- servers that misbehave --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "raised"),
    [
        (breaks_off, ConnectionClosedError),
        (says(FOUND, missing=1), BotoCoreError),
        (says(FOUND, missing=40), BotoCoreError),
        (says(b""), ResponseStreamingError),
        (says(json.dumps(FOUND).encode()[:-1]), ResponseStreamingError),
        (says(b"[]"), ResponseStreamingError),
        (says(b"\xff{}"), ResponseStreamingError),
        (says(FOUND, checksum="1"), ChecksumError),
        (says(FOUND, checksum="nonsense"), ChecksumError),
        (says({"__type": f"{EXCEPTION}ConditionalCheckFailedException"}, 400, checksum="1"), ChecksumError),
    ],
)
def test_what_came_not_whole_may_have_been_done(
    line: Line, raised: type[Exception], site: tuple[DynamoDB, Stub]
) -> None:
    send, stub = site
    stub.play(line, says(FOUND))
    with pytest.raises(raised) as caught:
        send(*ASKED)
    assert may_have_committed(caught.value)
    assert "Signature" not in repr(vars(caught.value)), "what is signed has the token of a role beside it"
    assert len(stub.received) == 1, "who tries again is the store"
    assert send(*ASKED) == FOUND, "and the next is asked by a connection that is whole"


def test_for_an_answer_it_waits_no_longer_than_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamodb, "READ_TIMEOUT", 0.05)
    with asking(is_silent) as (send, _), pytest.raises(ReadTimeoutError) as caught:
        send(*ASKED)
    assert "read timeout=0.05" in str(caught.value.kwargs["error"])
    assert may_have_committed(caught.value)


def test_where_nobody_listens_is_an_error_of_the_network() -> None:
    with asking(says(FOUND)) as (send, _):
        pass
    with pytest.raises(EndpointConnectionError) as caught:
        send(*ASKED)
    assert may_have_committed(caught.value)


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        (
            says({"__type": f"{EXCEPTION}InternalServerError", "message": "no luck"}, 500),
            "InternalServerError",
            "no luck",
        ),
        (says({"message": "no type"}, 500), "500", "no type"),
        (says(b"<html>Service Unavailable</html>", 503), "503", ""),
        (says(b"", 502), "502", ""),
        (says(b"[1]", 500), "500", ""),
    ],
)
def test_of_a_5xx_it_is_not_known_what_was_done(
    line: Line, code: str, message: str, site: tuple[DynamoDB, Stub]
) -> None:
    send, stub = site
    stub.play(line)
    with pytest.raises(ClientError) as caught:
        send(*ASKED)
    assert caught.value.response["Error"] == {"Code": code, "Message": message}
    assert may_have_committed(caught.value)


@pytest.mark.parametrize(
    ("code", "is_retried"),
    [
        ("ProvisionedThroughputExceededException", True),
        ("ThrottlingException", True),
        ("RequestLimitExceeded", True),
        ("TransactionConflictException", True),
        ("TransactionInProgressException", True),
        ("ConditionalCheckFailedException", False),
        ("ValidationException", False),
        ("ResourceNotFoundException", False),
        ("AccessDeniedException", False),
        ("ExpiredTokenException", False),
        # Also of a clock that is wrong: then AWS answers nobody, and says so.
        ("InvalidSignatureException", False),
        ("RequestExpired", False),
    ],
)
@pytest.mark.parametrize("form", [f"{EXCEPTION}{{}}", "{}", "com.amazon.coral.service#{}:http://internal/"])
def test_a_400_was_not_done_and_says_why(
    code: str, is_retried: bool, form: str, site: tuple[DynamoDB, Stub], monkeypatch: pytest.MonkeyPatch
) -> None:
    send, stub = site
    stub.play(says({"__type": form.format(code), "Message": "why"}, 400), says(FOUND))
    with pytest.raises(ClientError) as caught:
        send(*ASKED)
    assert caught.value.response["Error"] == {"Code": code, "Message": "why"}
    metadata = caught.value.response["ResponseMetadata"]
    assert (metadata["HTTPStatusCode"], metadata["RequestId"]) == (400, "R1")
    assert not may_have_committed(caught.value)
    raised = [caught.value]

    def once_more() -> object:
        if raised:
            raise raised.pop()
        return send(*ASKED)

    monkeypatch.setattr(database, "back_off", lambda _attempt: None)
    with nullcontext() if is_retried else pytest.raises(ClientError):
        assert database.retrying(once_more) == FOUND


def test_of_a_cancelled_transaction_each_reason_is_told_with_the_item_in_the_way(site: tuple[DynamoDB, Stub]) -> None:
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Message": "no", "Item": FOUND["Item"]}]
    body = {"__type": f"{EXCEPTION}TransactionCanceledException", "Message": "no", "CancellationReasons": reasons}
    send, stub = site
    stub.play(says(body, 400))
    with pytest.raises(ClientError) as caught:
        send("TransactWriteItems", {"TransactItems": []})
    assert caught.value.response["Error"]["Code"] == "TransactionCanceledException"
    assert database.cancellation_reasons(caught.value) == reasons[1:]


def test_the_store_takes_its_errors_for_what_they_are(
    site: tuple[DynamoDB, Stub], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "back_off", lambda _attempt: None)
    failed = says({"__type": f"{EXCEPTION}ConditionalCheckFailedException"}, 400)
    busy = says({"__type": f"{EXCEPTION}ThrottlingException"}, 400)
    send, stub = site
    stub.play(busy, breaks_off, says(FOUND, checksum="1"), says(b"", 500), says(FOUND), failed)
    monkeypatch.setattr(database.connection(), "send", send)
    assert database.dispatch("GetItem", {"TableName": "licenses"}) == FOUND
    assert len(stub.received) == 5
    with pytest.raises(ConditionFailed):
        database.dispatch("PutItem", {"TableName": "licenses"})
    assert len(stub.received) == 6


# --- connections -------------------------------------------------------------------------------------------------


def test_a_connection_is_kept_and_one_that_was_closed_meanwhile_is_opened_anew() -> None:
    with asking(says(FOUND), says(FOUND, hang_up=True), says(FOUND)) as (send, stub):
        for _ in range(2):
            send(*ASKED)
        stub.hung_up.get(timeout=5)
        assert send(*ASKED) == FOUND
    first, second, third = (received.peer for received in stub.received)
    assert first == second != third


def test_by_tls_it_asks_nobody_but_whom_the_certificates_of_the_setting_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, others = self_signed(tmp_path / "ours.pem", "localhost"), self_signed(tmp_path / "others.pem", "other.test")
    for file, trusted, may in ((ours, ours, True), (ours, None, False), (ours, others, False), (others, others, False)):
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(file)
        if trusted is None:
            monkeypatch.delenv("AWS_CA_BUNDLE")
        else:
            monkeypatch.setenv("AWS_CA_BUNDLE", str(trusted))
        with answering(says(FOUND), tls=tls) as stub:
            send = DynamoDB(REGION, stub.url)
            if may:
                assert send(*ASKED) == FOUND
            else:
                with pytest.raises(SSLError) as caught:
                    send(*ASKED)
                assert may_have_committed(caught.value)
                assert stub.received == []
