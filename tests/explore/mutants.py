"""Broken builds that walks alone catch, beside those of the proof: of what its storms do not do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from chalicelib.store import batches, reads
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.work import BatchProgressItem
from tests.explore.account_mutants import ACCOUNT_MUTANTS
from tests.proof import mutants as of_proof
from tests.proof.mutants import Patches, patched, rewriting


@contextmanager
def broken(name: str) -> Iterator[None]:
    """Break this process in the way of that name, as long as the context lasts."""
    with patched(MUTANTS[name]()):
        yield


def _list_not_within_the_limit() -> Patches:
    return [(batches, "has_room_for", lambda *_: LicenseItem.pk.exists())]


def _person_of_a_list_done_twice() -> Patches:
    """Whoever goes on with a list moves it on from where he has seen it, wherever it is by then."""
    is_there = BatchProgressItem.pk.exists()
    return rewriting(batches, "fill", BatchProgressItem, lambda actions, _: (actions, is_there))


def _seat_that_nobody_needs_is_kept() -> Patches:
    """What a list has reserved beyond its people's need is counted for good."""
    right = batches.fill

    def fill(license: Any, old: Any, new: Any, assignments: Any, events: Any) -> None:
        left = 0 if new is None else new.reserved
        right(license, replace(old, reserved=left + len(assignments)), new, assignments, events)

    return [(batches, "fill", fill)]


def _refusal_by_several_instants() -> Patches:
    """What is confirmed is read consistently, but item by item."""
    return [(reads, "transact_get", lambda items: reads.batch_get_raw(items, consistent=True, now=0))]


MUTANTS: dict[str, Callable[[], Patches]] = (
    of_proof.MUTANTS
    | ACCOUNT_MUTANTS
    | {
        "list not within the limit": _list_not_within_the_limit,
        "person of a list done twice": _person_of_a_list_done_twice,
        "seat that nobody needs is kept": _seat_that_nobody_needs_is_kept,
        "refusal by several instants": _refusal_by_several_instants,
    }
)
