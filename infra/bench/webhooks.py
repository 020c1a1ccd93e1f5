"""How fast what stands in the outbox is delivered, while other endpoints hang or are slow: events a second, their CPU.

By the thread that delivers beside a server of one machine, over HTTP, to a receiver in a process of its own.
"""

import argparse
import asyncio
import multiprocessing
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized

from chalicelib.bootstrap import bootstrap
from chalicelib.domain.deliveries import MAX_ENDPOINTS
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.terms import Terms
from chalicelib.runtime import using
from chalicelib.store import outbox, writes
from chalicelib.store.items.events import EventItem, event_item
from chalicelib.store.keys import license_pk
from chalicelib.store.licenses import license_ids
from chalicelib.store.schema import AnyItem
from chalicelib.usecases.create import create_company, create_product
from chalicelib.usecases.endpoints import create_endpoint
from chalicelib.usecases.issue_license import issue_license
from chalicelib.web import clock
from infra import output
from infra.bench.clients import BenchError
from infra.bench.page import about
from infra.bench.servers import environment
from infra.bench.vendor import BY_KEY, COMPANY, prepare
from infra.progress import Progress
from infra.run import Stopping, delivering
from infra.scratch import scratch_folder
from infra.version import add_version

EVENTS = 100_000
HANGS, IS_SLOW, ELSEWHERE = "BENCH-HANGS", "BENCH-SLOW", 100
"""The company whose endpoint hangs, the one whose many are slow, and how many events each of these has."""
SLOW_SECONDS = 5.0
_ADMIN = Actor("bench")
_LOOK_SECONDS, _PATIENCE_SECONDS = 0.05, 60.0


@dataclass(frozen=True)
class Drained:
    """What a run came to."""

    events: int
    seconds: float
    cpu_seconds: float
    """Of the process that delivers."""
    longest_pause: float
    """Seconds in which nothing came to the receiver."""
    hung_calls: int
    """That the endpoint which hangs has taken, and not answered."""
    slow_calls: int
    """That the slow ones have answered."""


@dataclass(frozen=True)
class Receiver:
    """A process that takes webhooks: at `/in` it answers at once, at `/slow` after `SLOW_SECONDS`, at `/hang` never."""

    port: int
    taken: "Synchronized[int]"
    hung: "Synchronized[int]"
    slow: "Synchronized[int]"


def put_events(company: str, count: int, what: str) -> None:
    """Store events of a company's licenses, and put them into the outbox, past the use cases: that is much faster."""
    licenses, progress, now = list(license_ids(company)), Progress(what, count), clock.now()

    def items() -> Iterator[AnyItem]:
        for number in range(count):
            pk = license_pk(company, licenses[number % len(licenses)])
            event = Event.new("device_activated", _ADMIN, now, hardware_id=f"device-{number}")
            yield event_item(pk, event, EventItem)
            yield outbox.outgoing_item(pk, event.key)
            progress.show(number + 1)

    writes.batch_put(items())


def drain(receiver: Receiver, events: int) -> Drained:
    """Deliver until the receiver has taken so many events. Raises `BenchError` where nothing comes any more."""
    progress, stopping = Progress("events delivered", events), Stopping(_PATIENCE_SECONDS)
    start = last = time.monotonic()
    cpu, taken, pause = time.process_time(), 0, 0.0
    with delivering(stopping):
        while taken < events:
            time.sleep(_LOOK_SECONDS)
            before, taken, now = taken, receiver.taken.value, time.monotonic()
            pause = max(pause, now - last)
            if now - last > _PATIENCE_SECONDS:
                raise BenchError(f"Nothing was delivered for {now - last:.0f} s; {events - taken:,} events are left.")
            if taken > before:
                last = now
            progress.show(min(taken, events))
        calls = receiver.hung.value, receiver.slow.value
        found = Drained(events, last - start, time.process_time() - cpu, pause, *calls)
        stopping.set()
    return found


def in_words(found: Drained) -> str:
    """What a run came to, in a sentence or two."""
    rate, cpu = found.events / found.seconds, 1e6 * found.cpu_seconds / found.events
    return (
        f"{about()}: {found.events:,} events were delivered in {found.seconds:.0f} s, {rate:,.0f} a second, with "
        f"{cpu:.0f} microseconds of CPU each. Meanwhile another company's endpoint took {found.hung_calls} calls and "
        f"answered none, and {MAX_ENDPOINTS} of a third answered {found.slow_calls}, after {SLOW_SECONDS:g} s each; "
        f"the longest that nothing came to the one that answers at once was {found.longest_pause:.1f} s."
    )


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver, as long as the context lasts."""
    context = multiprocessing.get_context("spawn")
    port, taken, hung, slow = (context.Value("i", 0) for _ in range(4))
    process = context.Process(target=_receive, args=(port, taken, hung, slow), daemon=True)
    process.start()
    try:
        while not port.value:
            time.sleep(_LOOK_SECONDS)
        yield Receiver(port.value, taken, hung, slow)
    finally:
        process.kill()
        process.join()


def _receive(
    port: "Synchronized[int]", taken: "Synchronized[int]", hung: "Synchronized[int]", slow: "Synchronized[int]"
) -> None:
    ids = set[bytes]()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(_said(rb"content-length", head)))
                if head.startswith(b"POST /hang"):
                    hung.value += 1
                    await asyncio.Event().wait()
                if head.startswith(b"POST /slow"):
                    await asyncio.sleep(SLOW_SECONDS)
                    slow.value += 1
                else:
                    ids.add(_said(rb"webhook-id", head))
                    taken.value = len(ids)
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async def serve() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()

    asyncio.run(serve())


def _said(header: bytes, head: bytes) -> bytes:
    found = re.search(rb"(?im)^" + header + rb": *(\S+)", head)
    assert found is not None
    return found[1]


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; answers the exit code."""
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m infra.bench.webhooks",
        description="How fast events are delivered to an endpoint, while others hang or are slow; some minutes.",
        epilog="example: .venv/bin/python -m infra.bench.webhooks --events 10000",
    )
    parser.add_argument("--events", type=int, default=EVENTS, help="that are delivered (default: %(default)s)")
    add_version(parser)
    given = parser.parse_args(arguments)
    try:
        with scratch_folder("seatkeeper-webhooks-") as home, receiving() as receiver:
            found = _measured(environment(home) | {"SEATKEEPER_WEBHOOKS": "any"}, receiver, given.events)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 2
    output.answer(in_words(found))
    return 0


def _measured(environment: dict[str, str], receiver: Receiver, events: int) -> Drained:
    with using(bootstrap(environment)):
        prepare()
        _listen(COMPANY, f"http://127.0.0.1:{receiver.port}/in")
        for company, path, endpoints in ((HANGS, "hang", 1), (IS_SLOW, "slow", MAX_ENDPOINTS)):
            _sell(company)
            for _ in range(endpoints):
                _listen(company, f"http://127.0.0.1:{receiver.port}/{path}")
            put_events(company, ELSEWHERE, f"events of {company}")
        put_events(COMPANY, events, "events in the outbox")
        return drain(receiver, events)


def _sell(company: str) -> None:
    """Make a company with a license."""
    now = clock.now()
    create_company(company, "Elsewhere", _ADMIN, now=now)
    create_product(company, BY_KEY, "Viewer", "license-key", _ADMIN, now=now)
    issue_license(company, BY_KEY, Terms("perpetual", None), None, _ADMIN, now=now)


def _listen(company: str, url: str) -> None:
    create_endpoint(company, url, frozenset({"license.activated"}), _ADMIN, now=clock.now())


if __name__ == "__main__":
    sys.exit(main())
