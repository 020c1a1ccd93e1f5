"""Webhooks to a bus of Amazon EventBridge, as botocore knows it, without a network."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError
from botocore.stub import Stubber

from chalicelib.domain.webhooks import SECONDS, Answer, Failure
from chalicelib.webhooks.client import WebhookClient

BODY = '{"event": "license.created", "id": "1", "name": "Grüße"}'.encode()
ENTRY = {
    "EventBusName": "licenses",
    "Source": "seatkeeper",
    "DetailType": "license.created",
    "Detail": BODY.decode(),
}
SAID_200 = {"ResponseMetadata": {"HTTPStatusCode": 200}}


@pytest.fixture
def client() -> WebhookClient:
    return WebhookClient(may_be_private=False, region="us-east-1")


@pytest.fixture
def aws(client: WebhookClient) -> Iterator[Stubber]:
    """EventBridge, which answers as it is told."""
    with Stubber(client.event_bridge()) as stubber:
        yield stubber


def post(client: WebhookClient, url: str = "eventbridge:licenses") -> Answer:
    return client.post(url, {"webhook-id": "1"}, BODY)


@pytest.mark.parametrize("bus", ["licenses", "arn:aws:events:eu-central-1:123456789012:event-bus/a/b.c-d_e"])
def test_an_event_is_put_on_its_bus_with_its_type(client: WebhookClient, aws: Stubber, bus: str) -> None:
    taken = {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]} | SAID_200
    aws.add_response("put_events", taken, {"Entries": [ENTRY | {"EventBusName": bus}]})
    answer = post(client, f"eventbridge:{bus}")
    assert (answer, answer.ok) == (Answer(200, "", None), True)
    aws.assert_no_pending_responses()


def test_an_event_that_the_bus_does_not_take_is_not_delivered(client: WebhookClient, aws: Stubber) -> None:
    refused = {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate\x1b exceeded"}
    aws.add_response("put_events", {"FailedEntryCount": 1, "Entries": [refused]} | SAID_200, {"Entries": [ENTRY]})
    answer = post(client)
    assert (answer, answer.ok) == (Answer(200, "ThrottlingException: Rate␛ exceeded", "not_taken"), False)


def test_what_aws_refuses_is_an_answer_with_its_status(client: WebhookClient, aws: Stubber) -> None:
    aws.add_client_error("put_events", "AccessDeniedException", "not yours", http_status_code=400)
    answer = post(client)
    assert (answer, answer.ok) == (Answer(400, "AccessDeniedException", None), False)


@pytest.mark.parametrize(
    ("error", "excerpt", "failure"),
    [
        (ReadTimeoutError(endpoint_url="https://events.test"), "", "timeout"),
        (ConnectTimeoutError(endpoint_url="https://events.test"), "", "timeout"),
        (EndpointConnectionError(endpoint_url="https://events.test"), "EndpointConnectionError", "no_connection"),
        (NoCredentialsError(), "NoCredentialsError", "no_connection"),
    ],
)
def test_who_does_not_reach_aws_raises_nothing(
    client: WebhookClient, error: Exception, excerpt: str, failure: Failure
) -> None:
    def fail(**_: Any) -> None:
        raise error

    client.event_bridge().meta.events.register("before-call.events", fail)
    assert post(client) == Answer(None, excerpt, failure)


def test_without_a_region_there_is_no_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    assert post(WebhookClient(may_be_private=False)) == Answer(None, "NoRegionError", "no_connection")


def test_aws_is_asked_once_and_not_for_long(client: WebhookClient) -> None:
    config = client.event_bridge().meta.config
    assert config.retries["total_max_attempts"] == 1
    assert config.connect_timeout + config.read_timeout < SECONDS
