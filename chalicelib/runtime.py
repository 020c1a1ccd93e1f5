"""What outlives a request: `bootstrap` makes it of an environment, and `using` sets it for all that is done inside.

What belongs to a stage is kept in no module: two stages may be served by one process, each with its own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

from chalicelib.cache import TtlCache
from chalicelib.domain.catalog import ApiKey, Company, Product
from chalicelib.domain.events import EventType
from chalicelib.domain.instants import MINUTE_MS, Instant
from chalicelib.domain.slots import FullPool
from chalicelib.mail.sender import Mailer
from chalicelib.observability import Log
from chalicelib.settings import SecretSource, Settings
from chalicelib.signing import Keyring
from chalicelib.turns import Turns
from chalicelib.webhooks.client import WebhookClient


class Database(Protocol):
    """The tables of one stage (`store.connection.StageDatabase`)."""

    @property
    def region(self) -> str:
        """The AWS region that they are in."""

    @property
    def connection(self) -> Any:  # of the store, which alone knows pynamodb
        """What the store speaks to them by (`store.connection.StageConnection`), opened at its first use."""


@dataclass(frozen=True)
class Caches:
    """What a warm process remembers of a stage (`chalicelib.cache`)."""

    products: TtlCache[Product] = field(default_factory=lambda: TtlCache(4096, MINUTE_MS))
    """By company and code."""
    api_keys: TtlCache[tuple[ApiKey, str]] = field(default_factory=lambda: TtlCache(4096, MINUTE_MS))
    """By name, each with its shared key in clear."""
    license_ids: TtlCache[int] = field(default_factory=lambda: TtlCache(100_000, MINUTE_MS))
    """By company and license key, as which a license answers: one that was replaced does so for a minute more."""
    user_ids: TtlCache[int] = field(default_factory=lambda: TtlCache(10_000, MINUTE_MS))
    """By company and email."""
    listened_to: TtlCache[frozenset[EventType]] = field(default_factory=lambda: TtlCache(4096, MINUTE_MS))
    """By company: the events that somebody wants to be told of."""
    portal_hosts: TtlCache[str] = field(default_factory=lambda: TtlCache(1000, MINUTE_MS))
    """By host: the code of the company that has its portal there; empty where none has. It decides what a page looks
    like, and refuses nothing: so absence is remembered, too."""
    faces: TtlCache[Company] = field(default_factory=lambda: TtlCache(1000, None))
    """By code and by host, as a page has shown it last, without its logos: for the pages that may read nothing."""
    full_pools: TtlCache[FullPool] = field(default_factory=lambda: TtlCache(10_000, None))
    """By license: that all of its slots were in use (`usecases.slots`)."""
    slots_in_use: TtlCache[tuple[int, Instant]] = field(default_factory=lambda: TtlCache(10_000, None))
    """By license: of its slots, and when that was counted, for answers alone."""
    limits_reached: TtlCache[bool] = field(default_factory=lambda: TtlCache(10_000, None))
    """By license, limit and day: that it was noted (`usecases.limit_reached`)."""


@dataclass(frozen=True)
class Runtime:
    """All that outlives a request. Nothing is opened before it is used, or before `open`."""

    settings: Settings
    secrets: SecretSource
    database: Database
    keyring: Keyring
    mailer: Mailer
    webhooks: WebhookClient
    clock: Callable[[], Instant]
    log: Log
    caches: Caches = field(default_factory=Caches)
    turns: Turns = field(default_factory=Turns)

    def open(self) -> None:
        """Open now what the first request would wait for: secrets and database. Raises `SettingsError`."""
        assert self.keyring.live
        assert self.database.connection


_runtime: ContextVar[Runtime] = ContextVar("runtime")


def runtime() -> Runtime:
    """The runtime of what is done here. Raises `LookupError` where none is set."""
    try:
        return _runtime.get()
    except LookupError:
        raise LookupError("no runtime is set here: see `using`, and for threads `chalicelib.threads`") from None


def runtime_or(default: Runtime) -> Runtime:
    """The runtime of what is done here, or `default` where none is set."""
    return _runtime.get(default)


@contextmanager
def using(this: Runtime) -> Iterator[Runtime]:
    """Do what is inside with `this` runtime: a request, a command, a test. May be nested.

    Threads do not inherit it by themselves (`chalicelib.threads`).
    """
    token = _runtime.set(this)
    try:
        yield this
    finally:
        _runtime.reset(token)
