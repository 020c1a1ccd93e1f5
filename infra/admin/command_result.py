"""What a command answers, and how one that makes something new is repeated safely."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TypeVar

from chalicelib.domain.instants import Instant
from chalicelib.domain.types import Json
from chalicelib.usecases.idempotency import IdempotencyKey, perform_once

R = TypeVar("R")


class DatabaseError(Exception):
    """The database did not do it, or its answer was lost; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command answers; `note` is said on standard error, to a person who may not have meant it."""

    document: Json
    note: str = ""
    exit_code: int = 0


def make_once(
    key: str | None,
    company: str,
    said: list[object],
    make: Callable[[], R],
    answer: Callable[[R], CommandResult],
    *,
    now: Instant,
) -> CommandResult:
    """Make something, and answer it. Under a key once a day: a repeat is answered as before, and makes nothing.

    `said`: all that the command says. Raises `Denied`: `idempotency_key_reused`, where the key came with something
    else; and what `make` does.
    """
    if key is None:
        return answer(make())
    call = IdempotencyKey(f"admin {company}", key, json.dumps(said, default=repr))
    made = perform_once(call, make, lambda result: asdict(answer(result)), now=now)
    assert made.answer is not None, "commands have stored answers from the first"
    result = CommandResult(**made.answer)
    return replace(result, note="It was made before: this is the answer of then.") if made.replayed else result
