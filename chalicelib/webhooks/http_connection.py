"""Webhooks over HTTP: one request after the other to one receiver, on one connection as long as both keep it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chalicelib.domain.pasted import safe_to_show
from chalicelib.domain.webhooks import MAX_ANSWER, MAX_EXCERPT, SECONDS, Answer, Failure, HttpAddress
from chalicelib.once import Once
from chalicelib.version import VERSION
from chalicelib.webhooks.sockets import BoundedSocket, Deadline, DeliveryError, connect

if TYPE_CHECKING:
    import ssl
    from http.client import HTTPResponse

_OURS = {"Content-Type": "application/json", "User-Agent": f"Seatkeeper/{VERSION}"}


class HttpConnection:
    """To one receiver, for one thread."""

    def __init__(self, address: HttpAddress, tls: "Once[ssl.SSLContext]", *, may_be_private: bool) -> None:
        self._address, self._tls, self._may_be_private = address, tls, may_be_private
        self._kept: BoundedSocket | None = None

    def post(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send one webhook, within `SECONDS`; what comes of it. Raises nothing for what the receiver does.

        A connection that was kept, and that the receiver ends without an answer, was closed for its age: it is sent
        anew by another one.
        """
        deadline = Deadline(SECONDS)
        if self._kept and self._kept.is_idle():
            answer = self._post(self._kept, deadline, headers, body)
            if (answer.status, answer.error) != (None, "broken_off"):
                return answer
        self.close()
        try:
            opened = connect(self._address, self._tls, deadline, may_be_private=self._may_be_private)
        except TimeoutError:
            return Answer(None, "", "timeout")
        except DeliveryError as error:
            return Answer(None, "", error.failure)
        self._kept = opened
        return self._post(opened, deadline, headers, body)

    def close(self) -> None:
        """End the connection that is kept, if there is one."""
        if self._kept:
            self._kept.end()
            self._kept = None

    def _post(self, to: BoundedSocket, deadline: Deadline, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send it on this connection, which stays open only after an answer that came whole."""
        from http.client import HTTPConnection  # noqa: PLC0415 - 8 ms of a cold start, and few calls send a webhook

        to.turn(deadline, MAX_ANSWER)
        exchange = HTTPConnection(self._address.host, self._address.port)
        exchange.sock = to
        is_kept = False
        try:
            with _failures():
                exchange.request(
                    "POST", self._address.target, body, {"Host": self._address.authority, **_OURS, **headers}
                )
                response = exchange.getresponse()
            to.may_end = True
            answer = _read(response)
            is_kept = answer.ok and response.isclosed() and not response.will_close
            return answer
        except DeliveryError as error:
            return Answer(None, "", error.failure)
        finally:
            if not is_kept:
                self.close()


def _read(response: "HTTPResponse") -> Answer:
    """The answer whose head has come. One that is too long is read in part: who says 2xx has taken the webhook."""
    text = bytearray()
    failure: Failure | None = "redirected" if 300 <= response.status < 400 else None
    try:
        with _failures():
            while piece := response.read(MAX_EXCERPT):
                text += piece
        if response.length:  # bytes are missing
            failure = "broken_off"
    except ValueError:  # a chunk of fewer bytes than none
        failure = "malformed_answer"
    except DeliveryError as error:
        if error.failure != "too_much":
            failure = error.failure
    return Answer(response.status, _excerpt(bytes(text)), failure)


def _excerpt(text: bytes) -> str:
    shown = safe_to_show(text.decode(errors="replace"), MAX_EXCERPT)
    return shown.encode()[:MAX_EXCERPT].decode(errors="ignore")


@contextmanager
def _failures() -> Iterator[None]:
    """What may go wrong with an exchange that is done inside, as `DeliveryError`."""
    from http.client import HTTPException, IncompleteRead  # noqa: PLC0415 - see `HttpConnection._post`

    try:
        yield
    except TimeoutError:
        raise DeliveryError("timeout") from None
    except (OSError, IncompleteRead):
        raise DeliveryError("broken_off") from None
    except HTTPException:
        raise DeliveryError("malformed_answer") from None
