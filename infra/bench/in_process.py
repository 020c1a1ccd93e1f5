"""A request answered in this process, by all that a server does with it but for sockets and threads."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from unittest.mock import patch
from wsgiref.types import WSGIApplication

from infra.answers import answer
from infra.embedded.write_queue import Job, Result, Work, WriteQueue
from infra.http_request import ArrivingRequest, RequestReader

Respond = Callable[[bytes], bytes]
"""The answer to a request, both as they are sent."""


def responder() -> Respond:
    """What answers requests in the runtime of the caller, one after the other, as of many clients."""
    from app import app  # noqa: PLC0415 - it reads the environment
    from infra.wsgi import wsgi  # noqa: PLC0415

    return responding(wsgi(app))


def responding(served: WSGIApplication) -> Respond:
    """What answers requests by a WSGI app."""
    peers = cycle(f"127.1.0.{number}" for number in range(1, 251))

    def respond(request: bytes) -> bytes:
        arrived: list[ArrivingRequest] = []
        RequestReader(lambda: 0.0, lambda: None, arrived.append).read(request)
        payload, _ = answer(served, arrived[0], next(peers), is_last=lambda: False)
        return payload

    return respond


@contextmanager
def writing_here() -> Iterator[None]:
    """Whoever asks the engine for a write does it by himself: what is measured of one thread is whole."""

    def do(queue: WriteQueue, work: Work) -> Result:
        job = Job(work)
        queue._act(lambda: [job], at_once=False)  # noqa: SLF001 - for a measurement alone
        return job.result()

    with patch.object(WriteQueue, "do", do):
        yield
