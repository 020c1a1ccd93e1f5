"""The one way to send a webhook, whatever kind of address it goes to."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from chalicelib.domain.errors import Invalid
from chalicelib.domain.types import AwsClient
from chalicelib.once import Once

if TYPE_CHECKING:
    import ssl

    from chalicelib.domain.webhooks import Answer


class Connection(Protocol):
    """To one address."""

    def post(self, headers: Mapping[str, str], body: bytes) -> "Answer":
        """Send one webhook there, and wait for what comes of it, no longer than `domain.webhooks.SECONDS`."""


class WebhookClient:
    """Sends webhooks: over HTTP, and to buses of Amazon EventBridge. May be shared by threads.

    `may_be_private`: also without TLS, and to addresses that only this network knows.
    """

    def __init__(self, may_be_private: bool, region: str | None = None) -> None:
        self.may_be_private = may_be_private
        self.event_bridge = Once(lambda: _event_bridge(region))
        """What speaks to Amazon EventBridge."""
        self._tls = Once(_tls)

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> "Answer":
        """Send one webhook: JSON as UTF-8, with these headers (`signature.signed_headers`); what comes of it.

        Raises nothing for what the other side does.
        """
        with self.connection(url) as connection:
            return connection.post(headers, body)

    @contextmanager
    def connection(self, url: str) -> Iterator[Connection]:
        """For several webhooks to one address (`domain.webhooks.checked_url`), by one thread.

        Nothing is opened yet. The address is checked anew: what may be private may have changed.
        """
        # Here, for every cold start comes by, and few calls send a webhook.
        from chalicelib.domain.webhooks import checked_url, event_bus, http_address  # noqa: PLC0415
        from chalicelib.webhooks.event_bridge import EventBus  # noqa: PLC0415
        from chalicelib.webhooks.http_connection import HttpConnection  # noqa: PLC0415

        try:
            where = checked_url(url, self.may_be_private)
        except Invalid:
            yield _Refused()
            return
        if bus := event_bus(where):
            yield EventBus(bus, self.event_bridge)
            return
        connection = HttpConnection(http_address(where), self._tls, may_be_private=self.may_be_private)
        try:
            yield connection
        finally:
            connection.close()


class _Refused:
    def post(self, _headers: Mapping[str, str], _body: bytes) -> "Answer":
        from chalicelib.domain.webhooks import Answer  # noqa: PLC0415

        return Answer(None, "", "refused_address")


def _event_bridge(region: str | None) -> AwsClient:
    from chalicelib.webhooks.event_bridge import event_bridge  # noqa: PLC0415

    return event_bridge(region)


def _tls() -> "ssl.SSLContext":
    """Whom we trust: whom the machine does, as `SSL_CERT_FILE` may say. Lambda's Python has the list of Amazon Linux.

    Not botocore's list: in a package it is cut to those who sign for AWS (`infra/stage/trim.py`).
    """
    import ssl  # noqa: PLC0415 - reading the list takes 20 ms, and few calls send a webhook

    return ssl.create_default_context()
