"""Whatever happens to a write on its way, the answer and the stored items are those of a day without faults.

Each use case is run once to count its writes, then twice for each of them: the write was not committed, or its answer
was lost. Of the faults, each has its turn: all that is made of them is whether to send again, which one
function decides for all writes (`store.database`), and each of them is tried there and below.
"""

import importlib
import json
import pkgutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cache
from types import CodeType, FunctionType, ModuleType, SimpleNamespace
from typing import Any

import pytest

from chalicelib import usecases
from chalicelib.domain.errors import SeatkeeperError, Unavailable
from chalicelib.domain.users import LOCK_MS, LOST_MS, MAX_FAILURES
from chalicelib.store import database, transactions, writes
from chalicelib.store.definitions import Definitions
from chalicelib.store.dynamodb import READ_TIMEOUT
from chalicelib.usecases import endpoints, portal_queries, security_events
from chalicelib.usecases.bounded_guesses import count_guess
from chalicelib.usecases.change_device import reset_device
from chalicelib.usecases.create_order import create_order
from chalicelib.usecases.definitions import change_definition, create_definition, delete_definition
from chalicelib.usecases.deliver_events import deliver_events, keep_delivering
from chalicelib.usecases.device_variables import device_variables
from chalicelib.usecases.file_events import file_events
from chalicelib.usecases.invitations import find_invited
from chalicelib.usecases.late_sweep import note_late
from chalicelib.usecases.license_lookup import find_snapshot
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.order_products import find_orders_of_products
from chalicelib.usecases.refused_mails import give_up_refused
from chalicelib.usecases.reports import report_days, sum_some_activations
from tests.store.case import Case
from tests.store.cases import CASES
from tests.store.effects import Effects, effects, stored
from tests.store.faults import (
    ALWAYS,
    ANSWER_LOST,
    NOT_COMMITTED,
    Fault,
    answer_timed_out,
    in_conflict_and_condition_failed,
    out_of_reach,
    throttled,
    wire,
)
from tests.store.seam import Answer, Request, Send
from tests.store.states import ADA, seated
from tests.support import ADMIN, HOUR, NOW, Vendor
from tests.usecases.support import kinds, refused

LOCKS_END = {"password_set", "password_changed", "user_unlocked"}


@pytest.fixture(autouse=True)
def _nothing_takes_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "back_off", lambda _attempt: None)
    monkeypatch.setattr("chalicelib.usecases.log_in.time", SimpleNamespace(sleep=lambda _seconds: None))


@cache
def undisturbed(case: Case) -> Effects:
    """What a case does without faults."""
    return effects(case)


def named(value: Any) -> str:
    return value.name if isinstance(value, Case) else str(value.__name__)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_each_change_has_one_event(case: Case) -> None:
    assert undisturbed(case).wire.bodies, "a case without a write proves nothing"
    assert undisturbed(case).events == sorted(case.events)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_each_event_that_names_a_person_says_who_it_is_for_good(case: Case) -> None:
    """An email may be another person's tomorrow, and the person have another one."""
    for change in undisturbed(case).changes:
        (_table, _pk, part), _before, after = json.loads(change)
        if part.startswith("at#") and after is not None:
            assert ("user" in after) <= ("user_id" in after), after["type"]


@pytest.mark.parametrize("case", CASES, ids=named)
def test_nobody_gets_another_password_without_a_mail_in_the_same_transaction(case: Case) -> None:
    for body in undisturbed(case).wire.bodies:
        writes = body.get("TransactItems", [])
        updates = [write["Update"] for write in writes if "Update" in write]
        written = [set(update.get("ExpressionAttributeNames", {}).values()) for update in updates]
        put = [write["Put"]["Item"] for write in writes if "Put" in write]
        mails = [item for item in put if item["pk"]["S"].startswith("mail#")]
        changed = [names for names in written if "is_initial_password" in names]
        if {"S": "user_closed"} in [item.get("type") for item in put]:
            continue  # nobody gets a password, and what waited for the address is dropped
        assert len(mails) >= len(changed)


@pytest.mark.parametrize("case", [case for case in CASES if LOCKS_END & set(case.events)], ids=named)
def test_what_ends_a_lock_is_one_write_with_its_event(case: Case) -> None:
    """Cut short between two, it would be recorded that a lock is over which is not."""
    for body in undisturbed(case).wire.bodies:
        writes = body.get("TransactItems", [])
        types = {write["Put"]["Item"].get("type", {}).get("S") for write in writes if "Put" in write}
        keys = [write["Update"]["Key"]["pk"]["S"] for write in writes if "Update" in write]
        assert [key.startswith("failures#account#") for key in keys].count(True) == len(LOCKS_END & types)


NOTED = {"log_in_failed", "log_in_locked", "signed_in", "code_asked"}
"""Events that are recorded if the database takes them: no log-in waits or fails for them."""


def _is_note(body: dict[str, Any]) -> bool:
    """Whether a write is one of the two of a security event: all other events are put."""
    key = body.get("Key", {})
    return bool(key) and (key["pk"]["S"].startswith("security#") or key.get("part", {}).get("S", "").startswith("at#"))


def without_log_in(found: Effects) -> Effects:
    """What came of a call, but for when the owner of an account has logged in last."""
    changes = []
    for key, before, after in map(json.loads, found.changes):
        for item in (before, after):
            (item or {}).pop("last_login_at", None)
        if before != after:
            changes.append(json.dumps([key, before, after]))
    return replace(found, changes=changes)


@pytest.mark.parametrize("case", [case for case in CASES if not case.observes], ids=named)
@pytest.mark.parametrize("faults", [NOT_COMMITTED, ANSWER_LOST], ids=["not committed", "answer lost"])
def test_a_fault_at_any_write_changes_nothing_for_anybody(case: Case, faults: tuple[Fault, ...]) -> None:
    expected = undisturbed(case)
    for number, body in enumerate(expected.wire.bodies, start=1):
        fault = faults[(CASES.index(case) + number) % len(faults)]
        found = effects(case, fault, range(number, number + 1))
        answer = f"{named(fault)} at write {number}"
        if "last_login_at" in body.get("ExpressionAttributeNames", {}).values():  # it is tried once
            found, lasting = without_log_in(found), without_log_in(expected)
            assert (found.answer, sorted(found.changes)) == (lasting.answer, sorted(lasting.changes)), answer
            continue
        if _is_note(body) and NOTED & set(case.events):
            assert (found.answer, set(found.changes) <= set(expected.changes)) == (expected.answer, True), answer
        else:
            assert found == expected, answer


@pytest.mark.parametrize("fault", NOT_COMMITTED, ids=named)
@pytest.mark.parametrize("case", [case for case in CASES if NOTED & set(case.events)], ids=named)
def test_no_answer_waits_for_what_is_only_noted(case: Case, fault: Fault) -> None:
    expected = undisturbed(case)
    first = next(number for number, body in enumerate(expected.wire.bodies, start=1) if _is_note(body))
    found = effects(case, fault, range(first, first + 1))
    assert found.answer == expected.answer
    assert [_is_note(body) for body in found.wire.bodies].count(True) == 1


@pytest.mark.parametrize("fault", [*NOT_COMMITTED, *ANSWER_LOST], ids=named)
@pytest.mark.parametrize("case", [case for case in CASES if case.observes], ids=named)
def test_an_observation_is_tried_once_and_the_answer_is_the_same_without_it(case: Case, fault: Fault) -> None:
    expected = undisturbed(case)
    found = effects(case, fault, ALWAYS)
    assert (len(expected.wire.bodies), len(found.wire.bodies)) == (1, 1)
    assert found.answer == expected.answer
    assert found.changes == ([] if fault in NOT_COMMITTED else expected.changes)


def test_what_is_observed_of_a_device_that_has_lost_its_place_is_decided_anew(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")

    def reset_first(request: Request, send: Send) -> Answer:
        reset_device(vendor.code, license.id, "pc", ADMIN, now=NOW)
        return send(request)

    with wire(reset_first, range(1, 2), frozenset({"UpdateItem"})), refused("device_not_found"):
        vendor.check(license, "pc", now=NOW + HOUR)


@pytest.mark.parametrize("case", [case for case in CASES if not case.only_if_new], ids=named)
def test_a_failed_condition_beside_a_conflict_is_decided_anew_and_never_sent_again_as_it_is(case: Case) -> None:
    expected = undisturbed(case)
    for number, body in enumerate(expected.wire.bodies, start=1):
        if "TransactItems" in body:
            found = effects(case, in_conflict_and_condition_failed, range(number, number + 1))
            assert found == expected, f"at write {number}"
            keys = found.wire.event_keys()
            assert len(keys) == len(set(keys)), "the same transaction was sent twice"


def test_every_use_case_that_writes_is_a_case_here() -> None:
    writing = {function for function in public_functions(usecases) if reaches_a_write(function)}
    looking = set(public_functions(portal_queries))  # they write that a session is in use, and nothing else
    looking |= set(public_functions_of(security_events))  # a part of log-in and others
    # tests/usecases/test_bounded_guesses.py, and test_invitations.py there
    guessing: set[Any] = {count_guess, find_snapshot, device_variables, find_invited}
    # tests/usecases/test_deliver_events.py, and test_refused_mails.py there: what they send may be sent again
    sending: set[Any] = {deliver_events, keep_delivering, file_events, endpoints.send_again, give_up_refused}
    noting: set[Any] = {note_late}  # a part of the sweep
    stepping: set[Any] = {create_order}  # of use cases that are cases; tests/management/test_orders.py cuts it short
    # they add to a `Counter` or a dict, whose method has the name of a way to write
    reading: set[Any] = {report_days, sum_some_activations, find_orders_of_products}
    looking |= guessing | sending | noting | stepping | reading | DEFINING
    assert writing - looking == {case.function for case in CASES} - looking


def public_functions(package: ModuleType) -> Iterator[FunctionType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield from public_functions_of(importlib.import_module(found.name))


def public_functions_of(module: ModuleType) -> Iterator[FunctionType]:
    for name, value in vars(module).items():
        if isinstance(value, FunctionType) and value.__module__ == module.__name__ and not name.startswith("_"):
            yield value


def reaches_a_write(function: FunctionType) -> bool:
    """Whether one of the ways to write is named in a function, or in one of ours that it leads to."""
    seen: set[Any] = set()
    ahead: list[Any] = [function]
    while ahead:
        if (value := ahead.pop()) not in seen:
            seen.add(value)
            ahead += named_in(value) if isinstance(value, FunctionType) else []
    ways = {transactions.Transaction, writes.update, writes.observe, writes.delete} | DEFINING
    return not seen.isdisjoint(ways)


DEFINING: set[Any] = {create_definition, change_definition, delete_definition}
"""Parts of the use cases that change what a product defines, which hand them the kind that has the writes."""


def named_in(function: FunctionType) -> list[Any]:
    """The functions and classes of ours that a function names, by themselves or behind their module."""
    known, names = function.__globals__, set(names_of(function.__code__))
    direct = [known[name] for name in names if name in known]
    modules = [value for value in direct if isinstance(value, ModuleType)]
    behind = [getattr(module, name) for module in modules for name in names if hasattr(module, name)]
    of_kinds = [getattr(type(kind), name, None) for kind in direct if isinstance(kind, Definitions) for name in names]
    ours = [value for value in direct + behind + of_kinds if isinstance(value, FunctionType | type)]
    return [value for value in ours if value.__module__.startswith("chalicelib.")]


def names_of(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from names_of(inner)


# --- when it does not pass --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", NOT_COMMITTED, ids=named)
def test_a_fault_that_stays_ends_as_busy_after_the_bound_and_nothing_is_written(fault: Fault, vendor: Vendor) -> None:
    license = vendor.issue()
    before = stored(vendor.code)
    with wire(fault) as sent, pytest.raises(Unavailable):
        vendor.activate(license, "pc")
    assert len(sent.bodies) == database.ATTEMPTS
    assert stored(vendor.code) == before


@pytest.mark.parametrize("lost", ANSWER_LOST, ids=named)
def test_a_lost_answer_is_found_out_also_when_no_other_attempt_gets_through(lost: Fault, vendor: Vendor) -> None:
    def lost_then_throttled(request: Request, send: Send) -> Answer:
        return lost(request, send) if len(sent.bodies) == 1 else throttled(request, send)

    license = vendor.issue()
    with wire(lost_then_throttled) as sent:
        assert vendor.activate(license, "pc").device is not None
    assert len(sent.bodies) == database.ATTEMPTS
    assert kinds(vendor, license) == ["device_activated"]


def test_nothing_is_tried_again_after_the_deadline(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]

    def slow(request: Request, send: Send) -> Answer:
        clock[0] += READ_TIMEOUT
        return out_of_reach(request, send)

    monkeypatch.setattr(database, "time", SimpleNamespace(monotonic=lambda: clock[0], sleep=lambda _seconds: None))
    license = vendor.issue()
    with wire(slow) as sent, pytest.raises(Unavailable):
        vendor.activate(license, "pc")
    assert clock[0] > database.DEADLINE
    assert clock[0] - READ_TIMEOUT <= database.DEADLINE
    assert len(sent.bodies) < database.ATTEMPTS


def test_a_failed_condition_is_sent_once(vendor: Vendor) -> None:
    with wire() as sent, refused("already_exists"):
        vendor.product("viewer", "license-key")
    assert len(sent.bodies) == 1


# --- log-ins: the one place where a lost answer may count twice --------------------------------------------------
#
# Attempts are counted by single writes that carry no event, so one whose answer is lost may count twice. That is
# harmless: whoever guesses gets fewer guesses, not more, and whoever knows the password gets in.


@pytest.mark.parametrize("lost", ANSWER_LOST, ids=named)
def test_lost_answers_give_a_guesser_no_further_guess(
    lost: Fault, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each write of each guess is committed and its answer lost, and each is sent once more."""
    guesses = 0

    def looked_at(_hash: str | None, _password: str) -> bool:
        nonlocal guesses
        guesses += 1
        return False

    monkeypatch.setattr("chalicelib.usecases.log_in.verify_password", looked_at)
    now, end = NOW, NOW + LOCK_MS
    with wire(lost, range(1, ALWAYS.stop, 2)):
        while now < end:
            try:
                log_in(vendor.code, ADA, "wrong", now=now)
            except Unavailable:
                break
            except SeatkeeperError as no:
                now += 1000 * (no.retry_after or 0)
    assert 0 < guesses <= MAX_FAILURES


@pytest.mark.parametrize("lost", ANSWER_LOST, ids=named)
@pytest.mark.parametrize("write", [1, 2, 3])
def test_lost_answers_keep_out_nobody_who_knows_the_password(lost: Fault, write: int, vendor: Vendor) -> None:
    seat = seated(vendor)
    for _ in range(MAX_FAILURES - 1):
        with wire(lost, range(write, write + 1)):
            assert log_in(vendor.code, ADA, seat.password, now=NOW).email == ADA


def test_attempts_that_lost_answers_left_behind_are_forgotten_like_failures(vendor: Vendor) -> None:
    """Whoever loses ten answers in a minute is told to come again, and gets in after another."""
    seat = seated(vendor)
    for _ in range(MAX_FAILURES):
        with wire(answer_timed_out, range(1, 2)), suppress(Unavailable):
            log_in(vendor.code, ADA, seat.password, now=NOW)
    with pytest.raises(Unavailable):
        log_in(vendor.code, ADA, seat.password, now=NOW + LOST_MS - 1)
    assert log_in(vendor.code, ADA, seat.password, now=NOW + LOST_MS).email == ADA
