"""Batches: one write decides, each person is done once, and nothing is lost when they are cut short."""

from collections.abc import Callable

import pytest

from chalicelib.domain.batch import BatchProgress
from chalicelib.domain.errors import Invalid, LimitReached, SeatkeeperError
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.license import License
from chalicelib.store import batches, histories, licenses, writes
from chalicelib.store.items.work import BatchItem
from chalicelib.threads import ThreadPool
from chalicelib.usecases import batch_assign
from chalicelib.usecases.batch_assign import (
    ROWS_PER_TRANSACTION,
    batch_result,
    continue_batch,
    end_batch,
    find_batch,
    preview,
    start_batch,
)
from chalicelib.usecases.change_seat import remove_user
from tests.store.faults import Crash, wire
from tests.store.seam import Answer, Request, Send
from tests.support import ADMIN, DAY, NOW, Vendor
from tests.usecases.people import account, reader, result_of
from tests.usecases.support import calls_counted, refused

ADA = "ada@customer.test"


def people(count: int, prefix: str = "p") -> str:
    return "\n".join(f"{prefix}{n}@customer.test" for n in range(count))


def one_step() -> Callable[[], bool]:
    return lambda: False


def for_ever() -> bool:
    return True


@pytest.fixture
def license(vendor: Vendor) -> License:
    return vendor.issue("revit", max_license_users=40, max_activations=100)


def run(vendor: Vendor, license: License, text: str, everybody: bool = True) -> int:
    batch_id = start_batch(vendor.code, license.id, text, everybody, ADMIN, now=NOW)
    assert continue_batch(vendor.code, license.id, batch_id, ADMIN, for_ever, now=NOW) is None
    return batch_id


def emails(vendor: Vendor, license: License) -> list[str]:
    return sorted(seat.email for seat in licenses.seats(vendor.code, license.id))


def test_everybody_gets_a_seat_and_an_initial_password_that_works(vendor: Vendor, license: License) -> None:
    batch_id = run(vendor, license, "email,first name,max activations\nada@customer.test,Ada,3\nbob@customer.test,Bob,")
    results = result_of(vendor, license, batch_id)
    assert [(result.row.email, result.ok) for result in results] == [(ADA, True), ("bob@customer.test", True)]
    for hardware_id in ("a", "b", "c"):
        vendor.activate(ADA, hardware_id, results[0].password)
    assert {seat.first_name for seat in licenses.seats(vendor.code, license.id)} == {"Ada", "Bob"}
    assert vendor.stored(license).users_assigned == 2
    assert sorted(e.type for e in vendor.history(license)) == sorted(
        ["license_issued", "batch_started", "user_assigned", "user_assigned", "batch_finished"]
        + ["device_activated"] * 3
    )


def test_a_preview_tells_of_each_row_and_changes_nothing(vendor: Vendor, license: License) -> None:
    vendor.assign(license, ADA)
    vendor.assign(vendor.issue("revit"), "bob@customer.test")
    before = (vendor.stored(license), vendor.history(license))
    text = f"{ADA},,,,\nbob@customer.test,Robert,,,\nnew@customer.test,,,,2\nno email,,,,\nhigh@customer.test,,,,101"
    seen = preview(vendor.code, license.id, text)
    assert [result.code for result in seen.results] == [
        "has_seat",
        "gets_seat",
        "gets_seat",
        "email_malformed",
        "max_activations_too_high",
    ]
    assert ([row.email for row in seen.wanted], seen.free, seen.fits) == (
        ["bob@customer.test", "new@customer.test"],
        39,
        True,
    )
    assert (vendor.stored(license), vendor.history(license)) == before


@pytest.mark.parametrize(
    ("taken", "free"),
    [(0, 40), (38, 2), (39, 1), (40, 0)],
)
def test_all_or_nothing_is_nothing_where_not_all_fit(vendor: Vendor, license: License, taken: int, free: int) -> None:
    if taken:
        run(vendor, license, people(taken, "before"))
    before = (vendor.stored(license), without_notes(vendor, license))
    with pytest.raises(LimitReached) as refused:
        start_batch(vendor.code, license.id, people(41), True, ADMIN, now=NOW)
    assert refused.value.code == "license_users_limit_reached"
    assert (refused.value.params["free"], refused.value.params["wanted"]) == (free, 41)
    assert (vendor.stored(license), without_notes(vendor, license)) == before


def without_notes(vendor: Vendor, license: License) -> list[Event]:
    """The history, but for that a limit was reached, which is noted."""
    return [event for event in vendor.history(license) if event.type != "license_limit_reached"]


def test_those_that_fit_are_the_first_of_the_list(vendor: Vendor, license: License) -> None:
    batch_id = run(vendor, license, people(43), everybody=False)
    assert vendor.stored(license).users_assigned == 40
    results = result_of(vendor, license, batch_id)
    assert [result.ok for result in results] == [True] * 40 + [False] * 3
    assert results[-1].code == "seat_gone"
    with pytest.raises(SeatkeeperError) as refused:
        start_batch(vendor.code, license.id, people(43), False, ADMIN, now=NOW)
    assert refused.value.code == "license_users_limit_reached"


def test_a_preview_of_those_that_fit_says_who_does_not_and_keeps_its_word(vendor: Vendor, license: License) -> None:
    seen = preview(vendor.code, license.id, people(43))
    assert [result.fits for result in seen.results] == [True] * 40 + [False] * 3
    assert seen.results[-1].code == "no_seat_left"
    results = result_of(vendor, license, run(vendor, license, people(43), everybody=False))
    assert [result.ok for result in results] == [result.fits for result in seen.results]


def test_refused_rows_stand_in_the_result_and_in_its_file(vendor: Vendor, license: License) -> None:
    vendor.assign(license, ADA)
    text = f"E-Mail;Vorname;Max\nnobody;No;1\np1@x.test;One;1\n{ADA};Ada;1\np2@x.test;Two;1\np1@x.test;Again;1"
    seen = preview(vendor.code, license.id, text)
    results = result_of(vendor, license, run(vendor, license, text))
    assert [(result.row.number, result.row.first_name, result.ok) for result in results] == [
        (1, "No", False),
        (2, "One", True),
        (3, "Ada", False),
        (4, "Two", True),
        (5, "Again", False),
    ]
    for before, after in zip(seen.results, results, strict=True):
        assert before.ok or after.code == before.code


def test_a_list_is_assigned_by_the_columns_that_were_chosen(vendor: Vendor, license: License) -> None:
    text = f"Telefon;Handy;E-Mail\n1;2;{ADA}"
    problem = preview(vendor.code, license.id, text).problem
    assert problem is not None
    assert problem.code == "columns_repeat"
    with refused("columns_repeat"):
        start_batch(vendor.code, license.id, text, True, ADMIN, now=NOW)
    batch_id = start_batch(vendor.code, license.id, text, True, ADMIN, columns={0: ""}, now=NOW)
    continue_batch(vendor.code, license.id, batch_id, ADMIN, for_ever, now=NOW)
    assert [seat.phone_number for seat in licenses.seats(vendor.code, license.id)] == ["2"]


def test_the_history_keeps_the_order_of_the_list_and_ends_with_the_batch(vendor: Vendor, license: License) -> None:
    batch_id = start_batch(vendor.code, license.id, people(40), True, ADMIN, now=NOW + 1)
    continue_batch(vendor.code, license.id, batch_id, ADMIN, for_ever, now=NOW + 2)
    history = vendor.history(license)[-42:]
    listed = people(40).split()
    assert [event.type for event in history] == ["batch_started", *["user_assigned"] * 40, "batch_finished"]
    assert [event.user for event in history[1:-1]] == listed


def test_reserved_places_are_taken_until_they_are_given_back(vendor: Vendor, license: License) -> None:
    batch_id = start_batch(vendor.code, license.id, people(40), True, ADMIN, now=NOW)
    with pytest.raises(SeatkeeperError):
        vendor.assign(license, ADA)
    left = continue_batch(vendor.code, license.id, batch_id, ADMIN, one_step(), now=NOW)
    assert left == BatchProgress(batch_id, 40, ROWS_PER_TRANSACTION, 40 - ROWS_PER_TRANSACTION, "admin", NOW)
    assert vendor.differences() == []
    end_batch(vendor.code, license.id, batch_id, ADMIN, now=NOW)
    end_batch(vendor.code, license.id, batch_id, ADMIN, now=NOW)
    assert vendor.stored(license).users_assigned == ROWS_PER_TRANSACTION
    assert len(emails(vendor, license)) == ROWS_PER_TRANSACTION
    assert find_batch(vendor.code, license.id, batch_id, now=NOW) is None
    assert continue_batch(vendor.code, license.id, batch_id, ADMIN, for_ever, now=NOW) is None
    assert len(emails(vendor, license)) == ROWS_PER_TRANSACTION
    vendor.assign(license, ADA)
    assert result_of(vendor, license, batch_id)[ROWS_PER_TRANSACTION].code == "not_assigned"


def test_who_gets_a_seat_meanwhile_takes_no_second_place(vendor: Vendor, license: License) -> None:
    batch_id = start_batch(vendor.code, license.id, people(3), True, ADMIN, now=NOW)
    vendor.assign(license, "p1@customer.test")
    assert vendor.stored(license).users_assigned == 4
    continue_batch(vendor.code, license.id, batch_id, ADMIN, for_ever, now=NOW)
    assert vendor.stored(license).users_assigned == 3
    assert "batch_reduced" in [event.type for event in vendor.history(license)]


@pytest.mark.usefixtures("costly_passwords")
def test_many_that_go_on_at_once_do_each_person_once(vendor: Vendor, license: License) -> None:
    batch_id = start_batch(vendor.code, license.id, people(27), True, ADMIN, now=NOW)
    with ThreadPool(6) as threads:
        list(
            threads.map(lambda _: continue_batch(vendor.code, license.id, batch_id, ADMIN, for_ever, now=NOW), range(6))
        )
    assert emails(vendor, license) == sorted(people(27).split())
    assert [e.type for e in vendor.history(license)].count("user_assigned") == 27


def finish(vendor: Vendor, license: License, batch_id: int) -> None:
    continue_batch(vendor.code, license.id, batch_id, ADMIN, for_ever, now=NOW)


def stop(vendor: Vendor, license: License, batch_id: int) -> None:
    end_batch(vendor.code, license.id, batch_id, ADMIN, now=NOW)


@pytest.mark.parametrize("have_seats", [False, True])
@pytest.mark.parametrize("act", [finish, stop])
def test_a_step_of_somebody_else_between_the_look_and_the_write_is_seen(
    vendor: Vendor, license: License, act: Callable[..., None], have_seats: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where all have got seats meanwhile, nothing but the batch itself tells that its places were given back."""
    batch_id = start_batch(vendor.code, license.id, people(20), True, ADMIN, now=NOW)
    for email in people(20 if have_seats else 0).split():
        vendor.assign(license, email)
    read_pending = batches.read_pending

    def and_then_a_step(company: str, license_id: int, batch_id: int) -> BatchProgress | None:
        seen = read_pending(company, license_id, batch_id)
        if seen is not None and seen.position == 0:
            with monkeypatch.context() as quiet:
                quiet.setattr(batches, "read_pending", read_pending)
                continue_batch(company, license_id, batch_id, ADMIN, one_step(), now=NOW)
        return seen

    monkeypatch.setattr(batches, "read_pending", and_then_a_step)
    act(vendor, license, batch_id)
    assert len(emails(vendor, license)) == (ROWS_PER_TRANSACTION if act is stop and not have_seats else 20)
    assert vendor.stored(license).users_assigned == len(emails(vendor, license))
    assert list(batches.all_pending(vendor.code, license.id)) == []


@pytest.mark.usefixtures("costly_passwords")
def test_two_managers_never_pass_the_limit(vendor: Vendor, license: License) -> None:
    def try_all(prefix: str) -> int:
        try:
            return len(people(30, prefix).split()) if run(vendor, license, people(30, prefix)) else 0
        except SeatkeeperError as refused:
            assert refused.code == "license_users_limit_reached"
            return 0

    def try_fitting(prefix: str) -> None:
        try:
            run(vendor, license, people(30, prefix), everybody=False)
        except SeatkeeperError as refused:
            assert refused.code == "license_users_limit_reached"

    with ThreadPool(2) as threads:
        assert sorted(threads.map(try_all, ("a", "b"))) == [0, 30]
        list(threads.map(try_fitting, ("c", "d")))
    assert vendor.stored(license).users_assigned == 40
    assert len(emails(vendor, license)) == 40


def test_a_batch_of_another_license_or_company_is_not_found(vendor: Vendor, license: License) -> None:
    batch_id = run(vendor, license, ADA)
    stranger = Vendor()
    for company, license_id in ((vendor.code, vendor.issue("revit").id), (stranger.code, license.id)):
        for act in (
            lambda c=company, i=license_id: batch_result(c, i, batch_id, reader(vendor), ADMIN, now=NOW),
            lambda c=company, i=license_id: find_batch(c, i, batch_id, now=NOW),
            lambda c=company, i=license_id: continue_batch(c, i, batch_id, ADMIN, for_ever, now=NOW),
        ):
            with pytest.raises(SeatkeeperError) as refused:
                act()
            assert refused.value.code == "batch_not_found"


def test_who_reads_a_result_is_told_of_and_who_finds_none_is_not(vendor: Vendor, license: License) -> None:
    batch_id, answer = run(vendor, license, ADA), Actor("user:boss@customer.test", "198.51.100.7")
    boss, _ = vendor.assign(vendor.issue("revit"), "boss@customer.test")
    with pytest.raises(SeatkeeperError, match="batch_not_found"):
        batch_result(vendor.code, license.id, batch_id + 1, boss, answer, now=NOW)
    batch_result(vendor.code, license.id, batch_id, boss, answer, now=NOW)
    [event] = [event for event in histories.account_events(boss) if event.type == "batch_result_read"]
    assert (event.actor, event.detail) == (answer, {"license_id": license.id, "batch": batch_id})


def test_a_password_is_told_of_accounts_that_the_batch_has_made_and_nobody_else_has_got(
    vendor: Vendor, license: License
) -> None:
    vendor.assign(vendor.issue("revit"), "old@customer.test")
    batch_id = run(vendor, license, "old@customer.test\nnew@customer.test\nshared@customer.test")
    vendor.assign(vendor.issue("revit"), "shared@customer.test")
    remove_user(vendor.code, license.id, "old@customer.test", ADMIN, now=NOW)
    results = result_of(vendor, license, batch_id)
    assert [(result.code, result.password is not None) for result in results] == [
        ("not_assigned", False),
        ("assigned_with_password", True),
        ("assigned", False),
    ]


def test_who_had_an_account_before_is_told_to_keep_it(vendor: Vendor, license: License) -> None:
    vendor.assign(vendor.issue("revit"), ADA)
    [result] = result_of(vendor, license, run(vendor, license, ADA))
    assert (result.code, result.ok, result.password) == ("assigned", True, None)


def test_new_accounts_are_of_the_instant_of_their_step_and_their_ids_differ(vendor: Vendor, license: License) -> None:
    run(vendor, license, people(40))
    users = [account(vendor, email) for email in people(40).split()]
    assert {user.created_at for user in users} == {NOW + step for step in range(4)}
    assert len({user.id for user in users}) == 40


def test_a_batch_never_takes_the_place_of_another_with_the_same_id(
    vendor: Vendor, license: License, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter([7, 7, 8])
    monkeypatch.setattr(batch_assign, "new_id", lambda _now: next(drawn))
    batch_ids = [start_batch(vendor.code, license.id, people(2, who), True, ADMIN, now=NOW) for who in "ab"]
    assert batch_ids == [7, 8]
    monkeypatch.undo()
    for batch_id in batch_ids:
        continue_batch(vendor.code, license.id, batch_id, ADMIN, for_ever, now=NOW)
    assert emails(vendor, license) == sorted(people(2, "a").split() + people(2, "b").split())


def test_the_result_of_a_batch_with_its_passwords_is_told_for_a_week(vendor: Vendor, license: License) -> None:
    batch_id = run(vendor, license, ADA)
    assert batch_result(vendor.code, license.id, batch_id, reader(vendor), ADMIN, now=NOW + 7 * DAY)[0].password
    with pytest.raises(SeatkeeperError) as refused:
        batch_result(vendor.code, license.id, batch_id, reader(vendor), ADMIN, now=NOW + 7 * DAY + 1000)
    assert refused.value.code == "batch_not_found"


def test_a_batch_whose_list_is_lost_can_be_ended(vendor: Vendor, license: License) -> None:
    batch_id = start_batch(vendor.code, license.id, people(20), True, ADMIN, now=NOW)
    continue_batch(vendor.code, license.id, batch_id, ADMIN, one_step(), now=NOW)
    writes.delete(BatchItem(f"batch#{vendor.code}#{license.id}#{batch_id}"))
    with pytest.raises(SeatkeeperError) as refused:
        continue_batch(vendor.code, license.id, batch_id, ADMIN, for_ever, now=NOW)
    assert refused.value.code == "batch_not_found"
    assert find_batch(vendor.code, license.id, batch_id, now=NOW) is not None
    end_batch(vendor.code, license.id, batch_id, ADMIN, now=NOW)
    assert vendor.stored(license).users_assigned == ROWS_PER_TRANSACTION


def test_a_preview_of_many_is_read_a_hundred_at_a_time(vendor: Vendor, license: License) -> None:
    vendor.assign(license, ADA)
    with calls_counted() as sent:
        preview(vendor.code, license.id, f"{people(199)}\n{ADA}")
    assert sent == ["BatchGetItem"] * 4  # the license, 2 of emails; 1 seat


WRITES_IN_ALL = 2 + 4
"""The list, the reservation, and four steps for 40 people."""


@pytest.mark.parametrize("ends", [False, True], ids=["gone on with", "ended"])
@pytest.mark.parametrize("committed", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(1, WRITES_IN_ALL + 1))
def test_a_batch_that_crashes_at_any_write_can_be_gone_on_with_or_ended(
    vendor: Vendor, license: License, number: int, committed: bool, ends: bool
) -> None:
    def crash(request: Request, send: Send) -> Answer:
        if committed:
            send(request)
        raise Crash

    with wire(crash, range(number, number + 1)), pytest.raises(Crash):
        run(vendor, license, people(40))
    done = number if committed else number - 1  # writes
    assert vendor.stored(license).users_assigned == (40 if done >= 2 else 0)
    assert vendor.differences() == []

    left = [batch.id for batch in batches.all_pending(vendor.code, license.id)]
    assert len(left) == (2 <= done < WRITES_IN_ALL)
    for batch_id in left:
        if ends:
            end_batch(vendor.code, license.id, batch_id, ADMIN, now=NOW)
        else:
            assert continue_batch(vendor.code, license.id, batch_id, ADMIN, for_ever, now=NOW) is None
    filled = min(40, ROWS_PER_TRANSACTION * max(0, done - 2))
    expected = filled if ends or done < 2 else 40
    assert emails(vendor, license) == sorted(people(expected).split())
    assert vendor.stored(license).users_assigned == expected
    assert list(batches.all_pending(vendor.code, license.id)) == []


def test_a_list_that_nobody_needs_a_place_of_is_refused(vendor: Vendor, license: License) -> None:
    vendor.assign(license, ADA)
    with pytest.raises(SeatkeeperError) as refused:
        start_batch(vendor.code, license.id, ADA, True, ADMIN, now=NOW)
    assert isinstance(refused.value, Invalid)
    assert list(batches.all_pending(vendor.code, license.id)) == []


def test_a_license_by_key_has_no_users(vendor: Vendor) -> None:
    with pytest.raises(SeatkeeperError) as refused:
        preview(vendor.code, vendor.issue("viewer").id, ADA)
    assert isinstance(refused.value, Invalid)
