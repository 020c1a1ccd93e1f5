"""Webhooks to a bus of Amazon EventBridge: for vendors who live there."""

import json
from collections.abc import Mapping

from chalicelib.domain.pasted import safe_to_show
from chalicelib.domain.types import AwsClient
from chalicelib.domain.webhooks import Answer
from chalicelib.once import Once

SOURCE = "seatkeeper"
"""By which rules of a bus tell our events from others."""
_CONNECT_SECONDS, _READ_SECONDS = 2, 5


class EventBus:
    """One bus, by its name or its ARN."""

    def __init__(self, bus: str, client: Once[AwsClient]) -> None:
        self._bus, self._client = bus, client

    def post(self, _headers: Mapping[str, str], body: bytes) -> Answer:
        """Put one event: its type is the detail's type, and its body the detail; what comes of it.

        Nobody has to verify it: who may put events on a bus is up to AWS. Raises nothing for what AWS answers.
        """
        from botocore.exceptions import (  # noqa: PLC0415 - see event_bridge
            BotoCoreError,
            ClientError,
            ConnectTimeoutError,
            ReadTimeoutError,
        )

        text = body.decode()
        entry = {
            "EventBusName": self._bus,
            "Source": SOURCE,
            "DetailType": json.loads(text)["event"],
            "Detail": text,
        }
        try:
            answer = self._client().put_events(Entries=[entry])
        except (ConnectTimeoutError, ReadTimeoutError):
            return Answer(None, "", "timeout")
        except ClientError as error:
            # Not the message: it names accounts and roles of who operates the server.
            status, reason = error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]
            return Answer(status, reason["Code"], None)
        except BotoCoreError as error:
            return Answer(None, type(error).__name__, "no_connection")
        status, [result] = answer["ResponseMetadata"]["HTTPStatusCode"], answer["Entries"]
        if "ErrorCode" in result:
            return Answer(status, _excerpt(result["ErrorCode"], result.get("ErrorMessage", "")), "not_taken")
        return Answer(status, "", None)


def event_bridge(region: str | None) -> AwsClient:
    """What speaks to Amazon EventBridge, in one attempt of a bounded time: the outbox tries again, and says so."""
    from botocore.config import Config  # noqa: PLC0415 - few calls send an event
    from botocore.session import get_session  # noqa: PLC0415

    without_retries = Config(
        connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS, retries={"total_max_attempts": 1}
    )
    return get_session().create_client("events", region_name=region, config=without_retries)


def _excerpt(code: str, text: str) -> str:
    return safe_to_show(f"{code}: {text}", 300)
