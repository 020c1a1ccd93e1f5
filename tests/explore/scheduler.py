"""The seam where the store sends a call: there tasks take turns, as a schedule says.

Nothing is left to chance: the order of calls, the clock, all that is drawn at random and each wait come from there.
"""

import gc
import os
import random
import secrets
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType
from typing import Any, Self, TypeVar

from greenlet import getcurrent

from chalicelib import threads, usecases
from chalicelib.domain import license, session
from chalicelib.domain.rate import Bucket
from chalicelib.runtime import Caches, runtime, using
from chalicelib.store import database, deliveries, due, outbox, probes, removal
from chalicelib.turns import Turns
from chalicelib.usecases import (
    audit,
    batch_assign,
    call_rate,
    change_account,
    change_seat,
    create_order,
    customer_moves,
    file_events,
    import_files,
    log_in,
    order_managers,
    passwords,
    repair_links,
    retry,
    second_factor,
    send_mails,
    send_webhooks,
    session_list,
    sessions,
    sweep,
)
from chalicelib.webhooks import signature
from tests.explore.engine import Answer, MemoryEngine, Request
from tests.explore.returning import returning
from tests.explore.scripts import Call, current_script
from tests.explore.standing import standing

Y = TypeVar("Y")


@contextmanager
def controlled(engine: MemoryEngine) -> Iterator[None]:
    """Let what is done inside ask this engine, and take turns, draw and wait as the schedule says.

    Outside of a task a call is answered at once.
    """
    passwords.verify_password(None, "")  # what a process draws but once is of no task's dice
    connection = database.connection()

    def send(operation: str, request: Request) -> Answer:
        here = getcurrent()
        if here.parent is None:
            return engine(operation, request)
        answer: Answer = here.parent.switch(Call(operation, request))
        return answer

    _outside.seed(0)
    _keep_what_is_there()
    tells = ((target, name, wrapped(getattr(target, name))) for target, name, wrapped in TELLING)
    instead = [(connection, "send", send), *CHANCE, *tells, *SMALL]
    there = [(target, name, getattr(target, name)) for target, name, _ in instead]
    with using(replace(runtime(), caches=Caches(), turns=Turns())):
        try:
            for target, name, wrong in instead:
                setattr(target, name, wrong)
            yield
        finally:
            for target, name, right in reversed(there):
                setattr(target, name, right)


@cache
def _keep_what_is_there() -> None:
    """What a process has loaded by its first walk is not gone through each time that walks have made much new.

    And walks keep most of what they make until they end: to look for what nobody needs is seldom of use.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000)


# --- chance, and time -----------------------------------------------------------------------------------------------

_outside = random.Random()


def _dice() -> random.Random:
    script = current_script()
    return _outside if script is None else script.dice


class _Time:
    """Stands still, and waits for nobody: who waits has no turn, and that is all that others can tell."""

    @staticmethod
    def monotonic() -> float:
        return 0.0

    @staticmethod
    def sleep(_seconds: float) -> None:
        return


class _InTurn:
    """The threads of one use case, as one after another."""

    def __init__(self, _count: int) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    @staticmethod
    def map(do: Callable[..., Any], *of: Iterable[Any]) -> Iterable[Any]:
        return list(map(do, *of))

    @staticmethod
    def submit(do: Callable[..., Any], *of: Any) -> Future[Any]:
        future = Future[Any]()
        future.set_result(do(*of))
        return future


def _token_bytes(count: int = 32) -> bytes:
    return _dice().randbytes(count)


def _token_hex(count: int = 32) -> str:
    return _token_bytes(count).hex()


def _token_urlsafe(count: int = 32) -> str:
    return f"{_dice().getrandbits(8 * count):0{2 * count}x}"


@cache
def telling(steps: Callable[..., Iterator[Y]]) -> Callable[..., Iterator[Y]]:
    """The same steps, of a generator that alone remembers what it was answered: where it stands is told after each."""

    def telling_steps(*given: Any) -> Iterator[Y]:
        left = steps(*given)
        for step in left:
            if (script := current_script()) is not None:
                script.stands(standing(left))
            yield step

    return telling_steps


CHANCE: tuple[tuple[Any, str, Any], ...] = (
    (os, "urandom", _token_bytes),
    (secrets, "token_bytes", _token_bytes),
    (secrets, "token_hex", _token_hex),
    (secrets, "token_urlsafe", _token_urlsafe),
    (secrets, "randbits", lambda bits: _dice().getrandbits(bits)),
    (secrets, "randbelow", lambda most: _dice().randrange(most)),
    (secrets, "choice", lambda among: _dice().choice(among)),
    (passwords, "token_urlsafe", _token_urlsafe),
    (signature, "token_bytes", _token_bytes),
    (database, "time", _Time),
    (log_in, "time", _Time),
    (log_in, "_ROUNDS", 3),  # it waits for others as long as they have it wait, not as long as it would
    (sweep, "ThreadPool", _InTurn),
    (send_mails, "ThreadPool", _InTurn),
    (batch_assign, "ThreadPool", _InTurn),
    (file_events, "ThreadPool", _InTurn),
    (send_webhooks, "ThreadPool", _InTurn),
    (threads, "ThreadPool", _InTurn),
    (send_webhooks, "time", _Time),
    (send_webhooks, "random", lambda: _dice().random()),
)
"""Where something is drawn or waited for, and what is there instead (tests/explore/test_scheduler.py)."""
_LEAVING: dict[Any, tuple[str, ...]] = {
    retry: ("decide_and_write",),
    log_in: ("_start", "_in_turn", "log_in"),
    sessions: ("note_log_in",),
    second_factor: ("_count", "_change"),
    order_managers: ("remove_manager", "change_order", "let_join"),
    change_seat: ("remove_account", "set_password"),
    change_account: ("end_other_sessions", "choose_password"),
    customer_moves: ("move_order",),
    repair_links: ("_repair_customers",),
    audit: ("_faults",),
    create_order: ("_sell", "_told_of", "_issue"),
}


def _everywhere(target: ModuleType, name: str) -> Iterator[tuple[ModuleType, str]]:
    """Each module that has this function of a use case."""
    each_of_ours = walk_packages(usecases.__path__, f"{usecases.__name__}.")
    for module in (import_module(one.name) for one in each_of_ours):
        if vars(module).get(name) is getattr(target, name):
            yield module, name


TELLING: tuple[tuple[Any, str, Callable[[Any], Any]], ...] = (
    (removal, "remove_all", telling),
    *((*where, returning) for one, names in _LEAVING.items() for name in names for where in _everywhere(one, name)),
)
"""What tells where it stands, so that all ways to the same place go on as one, and by what: of a removal the steps; of
functions, wherever they are called, what they have left. It pays where much that was answered is forgotten: what was
tried in vain, above all.
"""
SMALL: tuple[tuple[Any, str, Any], ...] = (
    (batch_assign, "ROWS_PER_TRANSACTION", 1),
    (import_files, "ROWS_AT_ONCE", 1),
    (license, "LEAST_IDLE_DEVICES", 1),
    (probes, "MAX_GUESSES", 2),
    (call_rate, "CALLS", Bucket(2, within_ms=60_000)),
    (session, "MAX_SESSIONS", 3),
    (session_list, "MAX_SESSIONS", 3),
    (due, "OLDER_SHARDS", 1),
    (due, "SHARDS_OF_A_COMPANY", 1),
    (due, "GROUPS", 1),
    *((module, "DUE_SHARDS", 2) for module in (sweep, audit)),
    *((module, "OUT_SHARDS", 1) for module in (outbox, file_events)),
    *((module, "QUEUE_SHARDS", 1) for module in (deliveries, send_webhooks)),
)
"""Sizes that are met by more than a world holds, and what they are instead."""
