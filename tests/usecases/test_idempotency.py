"""A call that comes again is answered as before and changes nothing: at once, after a crash, after lost answers."""

from collections.abc import Callable
from inspect import getsource
from threading import Barrier
from types import CodeType
from typing import Any

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.license import License
from chalicelib.portal import account, batch, devices, licenses, own_licenses, users
from chalicelib.portal import assign as assign_forms
from chalicelib.store import database, writes
from chalicelib.store.idempotency import KEPT_SECONDS, MAX_ANSWER_BYTES, IdempotencyKey, idempotency_item
from chalicelib.threads import ThreadPool
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.change_device import reset_device
from chalicelib.usecases.change_license import reset_license
from chalicelib.usecases.idempotency import Performed, perform_once
from tests.store.case import Case
from tests.store.cases import CASES
from tests.store.faults import (
    ANSWER_LOST,
    NOT_COMMITTED,
    WRITES,
    Fault,
    answer_timed_out,
    out_of_reach,
    throttled,
    wire,
)
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.support import kinds, refused

ADA = "ada@customer.test"


@pytest.fixture
def license(vendor: Vendor) -> License:
    return vendor.issue("revit", max_license_users=3)


def key(vendor: Vendor, name: str = "key", content: str = "{}") -> IdempotencyKey:
    return IdempotencyKey(vendor.code, name, content)


def assign(vendor: Vendor, license: License, call: IdempotencyKey, email: str = ADA) -> Performed:
    """A call whose answer cannot be guessed: it holds the password that was made."""
    return perform_once(
        call,
        lambda: assign_user(vendor.code, license.id, email, 2, ADMIN, now=vendor.now),
        lambda made: {"id": made.user.id, "password": made.new_password},
        now=vendor.now,
    )


def test_who_calls_again_is_answered_as_before_and_the_change_is_made_once(vendor: Vendor, license: License) -> None:
    first = assign(vendor, license, key(vendor))
    assert (first.replayed, len((first.answer or {})["password"]) > 8) == (False, True)
    assert [assign(vendor, license, key(vendor)) for _ in range(2)] == [Performed(first.answer, True)] * 2
    assert kinds(vendor, license).count("user_assigned") == 1


def test_the_answer_is_in_the_transaction_of_the_change_and_cannot_be_read_there(
    vendor: Vendor, license: License
) -> None:
    with wire() as sent:
        made = assign(vendor, license, key(vendor, content='{"password": "hunter2"}'))
    (body,) = sent.bodies
    puts = [write["Put"]["Item"] for write in body["TransactItems"] if "Put" in write]
    assert [item["pk"]["S"].split("#")[0] for item in puts].count("form") == 1
    assert {item["type"]["S"] for item in puts if "type" in item} == {"user_assigned"}
    assert made.answer is not None
    for secret in (made.answer["password"], "hunter2"):
        assert secret not in str(sent.bodies)


def test_the_same_key_with_another_content_is_refused_and_changes_nothing(vendor: Vendor, license: License) -> None:
    assign(vendor, license, key(vendor))
    with refused("idempotency_key_reused"):
        assign(vendor, license, key(vendor, content="another"), "eve@customer.test")
    assert kinds(vendor, license).count("user_assigned") == 1


def test_another_caller_and_another_key_are_other_calls(vendor: Vendor, license: License) -> None:
    calls = [(key(vendor), ADA), (key(vendor, "other"), "bob@customer.test")]
    calls.append((IdempotencyKey(f"{vendor.code}#", "key", "{}"), "cy@customer.test"))
    assert [assign(vendor, license, call, email).replayed for call, email in calls] == [False] * 3


def test_what_was_refused_or_not_done_leaves_nothing_and_may_come_again(vendor: Vendor, license: License) -> None:
    with refused("max_activations_too_high"):
        perform_once(
            key(vendor),
            lambda: assign_user(vendor.code, license.id, ADA, 99, ADMIN, now=vendor.now),
            lambda _: {},
            now=vendor.now,
        )
    with wire(throttled), pytest.raises(Unavailable):
        assign(vendor, license, key(vendor))
    assert not assign(vendor, license, key(vendor)).replayed


def test_after_a_day_a_key_is_free_again_also_where_nothing_was_tidied(vendor: Vendor, license: License) -> None:
    first = assign(vendor, license, key(vendor))
    vendor.now += KEPT_SECONDS * 1000
    assert assign(vendor, license, key(vendor)) == Performed(first.answer, True)
    vendor.now += 1000
    assert not assign(vendor, license, key(vendor), "bob@customer.test").replayed
    assert kinds(vendor, license).count("user_assigned") == 2


def test_what_changed_nothing_is_answered_as_before_as_well(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    vendor.deactivate(license, "pc")

    def reset() -> Performed:
        change = lambda: reset_device(vendor.code, license.id, "pc", ADMIN, now=vendor.now)  # noqa: E731
        return perform_once(key(vendor), change, lambda freed: {"freed": freed}, now=vendor.now)

    assert reset() == Performed({"freed": 0}, False)
    vendor.activate(license, "pc")
    assert reset() == Performed({"freed": 0}, True)
    assert vendor.stored(license).times_activated == 1


def test_an_answer_has_a_bound_and_beyond_it_nothing_is_changed(vendor: Vendor, license: License) -> None:
    change = lambda: assign_user(vendor.code, license.id, ADA, 2, ADMIN, now=vendor.now)  # noqa: E731
    with pytest.raises(AssertionError, match="too long"):
        perform_once(key(vendor), change, lambda _: {"a": "b" * MAX_ANSWER_BYTES}, now=vendor.now)
    assert "user_assigned" not in kinds(vendor, license)


def test_what_an_older_version_has_answered_is_understood(vendor: Vendor, license: License) -> None:
    item = idempotency_item(vendor.code, "key")
    for outcome in (None, {"to": "/there"}):
        item.outcome, item.expires = outcome, NOW // 1000 + 60
        writes.put(item)
        assert assign(vendor, license, key(vendor)) == Performed(outcome, True)
    assert "user_assigned" not in kinds(vendor, license)


MODULES = (account, assign_forms, batch, devices, licenses, own_licenses, users)
HARMLESS = {"continue_batch", "batch_result", "reveal_initial_password", "remove_person"}
"""What a form may do twice: it goes on where it was, or shows what was there."""


def names_in(code: CodeType) -> set[str]:
    """What a function names, and those inside it."""
    inner = [names_in(const) for const in code.co_consts if isinstance(const, CodeType)]
    return set(code.co_names).union(*inner)


def of_forms() -> list[Case]:
    """The use cases that change something for a form of the portal."""
    named: set[str] = set()
    for module in MODULES:
        named |= names_in(compile(getsource(module), module.__name__, "exec"))
    return [case for case in CASES if case.events and case.function.__name__ in named - HARMLESS]


@pytest.mark.parametrize("case", of_forms(), ids=lambda case: str(case.name))
def test_whatever_a_form_changes_takes_its_answer_along(case: Case) -> None:
    vendor = Vendor()
    prepared = case.prepare(vendor)
    with wire() as sent:
        act = lambda: case.act(vendor, prepared)  # noqa: E731 - short and local
        perform_once(key(vendor), act, lambda _: {"to": "/there"}, now=vendor.now)
    put = [[write["Put"]["Item"] for write in body.get("TransactItems", ()) if "Put" in write] for body in sent.bodies]
    (together,) = [items for items in put if any(item["pk"]["S"].startswith("form#") for item in items)]
    assert {item["type"]["S"] for item in together if "type" in item} & set(case.events)


def test_there_are_as_many_of_them_as_there_are_forms() -> None:
    assert len({case.function for case in of_forms()}) == 20


# --- crashes, lost answers, rivals ------------------------------------------------------------------------------


class Crash(Exception):
    """The process ends."""


def test_a_crash_after_the_change_costs_nobody_the_answer(vendor: Vendor, license: License) -> None:
    def assign_and_crash() -> Any:
        made.append(assign_user(vendor.code, license.id, ADA, 2, ADMIN, now=vendor.now))
        raise Crash

    made: list[Any] = []
    answer: Callable[[Any], Any] = lambda result: {"id": result.user.id}  # noqa: E731
    with pytest.raises(Crash):
        perform_once(key(vendor), assign_and_crash, answer, now=vendor.now)
    assert perform_once(key(vendor), assign_and_crash, answer, now=vendor.now) == Performed(answer(made[0]), True)
    assert len(made) == 1


@pytest.mark.parametrize("fault", [*NOT_COMMITTED, *ANSWER_LOST], ids=lambda fault: fault.__name__)
def test_a_fault_on_the_way_makes_no_second_change_and_no_other_answer(
    fault: Fault, vendor: Vendor, license: License
) -> None:
    with wire(fault, range(1, 2)):
        first = assign(vendor, license, key(vendor))
    assert not first.replayed
    assert assign(vendor, license, key(vendor)) == Performed(first.answer, True)
    assert kinds(vendor, license).count("user_assigned") == 1


@pytest.mark.parametrize("lost", ANSWER_LOST, ids=lambda fault: fault.__name__)
def test_who_was_told_that_it_is_busy_though_it_was_done_gets_the_answer(
    lost: Fault, vendor: Vendor, license: License, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost_then_gone(request: Any, send: Any) -> Any:
        if "TransactItems" not in request.body and not committed:
            return send(request)
        if committed:
            return out_of_reach(request, send)
        committed.append(True)
        return lost(request, send)

    committed: list[bool] = []
    monkeypatch.setattr(database, "MAX_WAIT", 0)
    with wire(lost_then_gone, operations=WRITES | {"BatchGetItem"}), pytest.raises(Unavailable):
        assign(vendor, license, key(vendor))
    assert kinds(vendor, license).count("user_assigned") == 1
    again = assign(vendor, license, key(vendor))
    assert (again.replayed, set(again.answer or {})) == (True, {"id", "password"})


def test_a_noted_answer_whose_answer_was_lost_is_our_own(vendor: Vendor) -> None:
    with wire(answer_timed_out, range(1, 2)):
        made = perform_once(key(vendor), lambda: "done", lambda what: {"it": what}, now=vendor.now)
    assert made.answer == {"it": "done"}


def test_what_cannot_be_noted_was_done_all_the_same(vendor: Vendor) -> None:
    with wire(throttled):
        assert perform_once(key(vendor), lambda: 1, lambda one: {"a": one}, now=NOW) == Performed({"a": 1}, False)


@pytest.mark.usefixtures("costly_passwords")
def test_of_many_at_once_one_makes_the_change_and_all_are_answered_alike(vendor: Vendor, license: License) -> None:
    for name in ("one", "two"):
        begin = Barrier(8)

        def call(_: int, begin: Barrier = begin, name: str = name) -> Performed:
            begin.wait(30)
            return assign(vendor, license, key(vendor, name), f"{name}@customer.test")

        with ThreadPool(8) as threads:
            made = list(threads.map(call, range(8)))
        assert len({str(one.answer) for one in made}) == 1
        assert sorted(one.replayed for one in made) == [False] + [True] * 7
    assert kinds(vendor, license).count("user_assigned") == 2
    assert vendor.stored(license).users_assigned == 2


def test_a_rival_that_comes_between_reading_and_writing_is_answered_as_the_first(
    vendor: Vendor, license: License
) -> None:
    firsts: list[Performed] = []

    def first_then_send(request: Any, send: Any) -> Any:
        firsts.append(assign(vendor, license, key(vendor)))
        return send(request)

    with wire(first_then_send, range(1, 2)):
        second = assign(vendor, license, key(vendor))
    assert (firsts[0].replayed, second) == (False, Performed(firsts[0].answer, True))


def test_what_could_be_done_again_without_being_refused_is_done_once_by_two_rivals(vendor: Vendor) -> None:
    license = vendor.issue()

    def reset() -> Performed:
        change = lambda: reset_license(vendor.code, license.id, ADMIN, now=vendor.now)  # noqa: E731
        return perform_once(key(vendor), change, lambda seen: {"reset": seen.id}, now=vendor.now)

    def first_then_send(request: Any, send: Any) -> Any:
        reset()
        return send(request)

    with wire(first_then_send, range(1, 2)):
        assert reset() == Performed({"reset": license.id}, True)
    assert kinds(vendor, license).count("license_reset") == 1
