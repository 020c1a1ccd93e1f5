"""The queue of mails: sent once, tried again, given up, and told to nobody else."""

import logging
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.events import Event
from chalicelib.domain.mail import (
    ALIKE_WINDOW_MS,
    DAY_MS,
    FIRST_WAIT_MS,
    GATHER_MS,
    MAX_ALIKE,
    MAX_DIGEST,
    MAX_WAIT_MS,
    Mail,
    MailCode,
    QueuedMail,
    next_try,
)
from chalicelib.mail.sender import Letter, MailError
from chalicelib.runtime import runtime, using
from chalicelib.store import mails, reads, writes
from chalicelib.store.database import ConditionFailed
from chalicelib.store.items.accounts import CompanyItem
from chalicelib.store.items.events import AccountEventItem, event_item
from chalicelib.store.items.work import MailItem
from chalicelib.store.keys import mail_pk
from chalicelib.store.mails import MAIL_SHARDS, put_mail, queue_mail
from chalicelib.store.transactions import Transaction
from chalicelib.threads import ThreadPool
from chalicelib.usecases.branding import set_branding
from chalicelib.usecases.send_mails import RUN_SECONDS, send_mails
from tests.mailbox import deliver
from tests.store.seam import empty
from tests.support import ADMIN, NOW, ChangeRuntime, Vendor

SECRET = "1234 5678"
MAIL = Mail("ada@customer.test", "Hello", f"Your code is {SECRET}.")
PORTAL = f"{os.environ['SEATKEEPER_PORTAL_URL']}/portal"
NOTHING = {"sent": 0, "failed": 0, "given_up": 0}


class Server:
    """The mail server: what it has taken, and why it takes nothing, if it does not."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, str]] = []
        self.ids: list[str] = []
        self.refuses = ""

    def send(self, letter: Letter) -> None:
        if self.refuses:
            raise MailError(self.refuses)
        self.taken.append((letter.to, letter.subject, letter.text))
        self.ids.append(letter.id)


@pytest.fixture
def server(change_runtime: ChangeRuntime) -> Iterator[Server]:
    """Takes every mail; nothing is queued before."""
    deliver()
    server = Server()
    change_runtime(mailer=server)
    yield server
    send_mails(now=NOW + 100 * DAY_MS)
    empty("ephemera")  # what was counted


def die(*_: Any) -> None:
    raise KeyboardInterrupt


def queued() -> list[MailItem]:
    return [item for shard in range(MAIL_SHARDS) for item in reads.query(MailItem, mail_pk(shard))]


def test_a_mail_is_sent_once_and_then_gone(server: Server) -> None:
    queue_mail(MAIL, NOW)
    assert send_mails(now=NOW) == NOTHING | {"sent": 1}
    assert send_mails(now=NOW) == NOTHING
    assert server.taken == [(MAIL.to, MAIL.subject, f"{MAIL.text}\n    Portal:        {PORTAL}\n")]
    assert queued() == []


def test_of_several_senders_at_once_each_mail_is_sent_by_one(server: Server) -> None:
    for number in range(20):
        queue_mail(replace(MAIL, subject=str(number)), NOW)
    with ThreadPool(4) as threads:
        sent = list(threads.map(lambda _: send_mails(now=NOW)["sent"], range(4)))
    assert sorted(int(subject) for _, subject, _ in server.taken) == list(range(20))
    assert sum(sent) == 20


def test_a_mail_stands_in_the_transaction_of_a_change_or_is_not_there(server: Server, vendor: Vendor) -> None:
    """Neither is without the other."""
    there, absent = CompanyItem(vendor.code, "company"), CompanyItem(vendor.code, "no company")
    for company in (there, absent):
        write = Transaction(event_item(vendor.code, Event.new("company_changed", ADMIN, NOW), AccountEventItem))
        write.update(company, [CompanyItem.name.set("Renamed")], CompanyItem.pk.exists())
        put_mail(write, MAIL, NOW)
        if company is there:
            write.commit()
        else:
            with pytest.raises(ConditionFailed):
                write.commit()
    assert send_mails(now=NOW)["sent"] == 1


def test_what_a_mail_says_and_to_whom_is_stored_where_nobody_reads_it(server: Server) -> None:
    queue_mail(MAIL, NOW)
    (item,) = queued()
    answer = str(item.attribute_values)
    assert [word for word in (SECRET, MAIL.to, MAIL.subject, "code") if word in answer] == []


def test_nobody_is_flooded_with_notices_and_told_all_the_same_what_else_is_done(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    seat = Mail("eve@customer.test", "You may use viewer", "…")
    password, code = (
        replace(seat, subject="Your password was set"),
        replace(seat, subject="Code", valid_ms=DAY_MS // 96),
    )
    for mail in (*[seat] * 8, password, *[code] * 8, *[replace(seat, to="bob@customer.test")] * 2):
        queue_mail(mail, NOW)
    assert send_mails(now=NOW) == {"sent": MAX_ALIKE + 1 + 8 + 2, "failed": 0, "given_up": 8 - MAX_ALIKE}
    assert queued() == []
    assert "too_many_alike" in caplog.text
    assert seat.to not in caplog.text
    for at, sent in ((NOW + ALIKE_WINDOW_MS - 1, 0), (NOW + ALIKE_WINDOW_MS, 1)):
        queue_mail(seat, at)
        assert send_mails(now=at)["sent"] == sent


def test_a_notice_that_is_tried_again_is_counted_once(server: Server) -> None:
    server.refuses = "SES refuses the mail: Throttling."
    for _ in range(MAX_ALIKE):
        queue_mail(replace(MAIL, to="zoe@customer.test"), NOW)
    assert send_mails(now=NOW)["failed"] == MAX_ALIKE
    assert send_mails(now=NOW + FIRST_WAIT_MS)["failed"] == MAX_ALIKE
    server.refuses = ""
    assert send_mails(now=NOW + 10 * FIRST_WAIT_MS)["sent"] == MAX_ALIKE


def test_a_mail_for_nobody_is_dropped(server: Server) -> None:
    queue_mail(replace(MAIL, to=""), NOW)
    assert (send_mails(now=NOW), server.taken, queued()) == (NOTHING, [], [])


def test_a_mail_that_is_not_taken_is_tried_again_later_and_later_and_in_the_end_given_up(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.refuses, tried = "SES refuses the mail: MessageRejected.", []
    queue_mail(MAIL, NOW)
    hourly = range(122, 24 * 60, 60)
    for minute in (*range(63), *hourly, 24 * 60):
        counts = send_mails(now=NOW + minute * 60_000)
        if counts != NOTHING:
            tried.append((minute, next(outcome for outcome, times in counts.items() if times)))
    assert tried[:6] == [(minute, "failed") for minute in (0, 2, 6, 14, 30, 62)]
    assert tried[6:] == [*((minute, "failed") for minute in hourly), (24 * 60, "given_up")]
    assert queued() == []
    ours = {record.getMessage() for record in caplog.records if record.name.startswith("chalicelib")}
    assert ours == {
        "mails not sent: 1, SES refuses the mail: MessageRejected.",
        "mails not sent: 1, too_late",
    }
    assert SECRET not in caplog.text
    assert MAIL.to not in caplog.text, "nor does any library of ours tell it"


def test_a_code_is_not_sent_when_it_is_not_good_any_more(server: Server) -> None:
    queue_mail(replace(MAIL, valid_ms=60_000), NOW)
    assert send_mails(now=NOW + 60_000) == NOTHING | {"given_up": 1}
    assert server.taken == []


def test_one_mail_that_cannot_be_sent_keeps_no_other(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    real = server.send

    def send(letter: Letter) -> None:
        if letter.to == "bad@customer.test":
            raise MailError("No.")
        real(letter)

    monkeypatch.setattr(server, "send", send)
    for number in range(12):
        queue_mail(replace(MAIL, to="bad@customer.test" if number % 2 else MAIL.to, subject=str(number)), NOW)
    broken = queued()[0]
    writes.update(MailItem(broken.pk, broken.sort_key), [MailItem.sealed.set("A" * 40)])
    counts = send_mails(now=NOW)
    assert counts["given_up"] == 1
    assert sorted([counts["sent"], counts["failed"]]) == [5, 6]


def test_a_mail_that_cannot_be_read_keeps_no_other_from_being_sent(server: Server) -> None:
    """The first of its shard, as somebody has written it by hand."""
    for number in range(12):
        queue_mail(replace(MAIL, subject=str(number)), NOW)
    item, key = MailItem, queued()[0]
    writes.update(item(key.pk, key.sort_key), [item.sealed.remove()])
    try:
        assert send_mails(now=NOW) == NOTHING | {"sent": 11, "failed": 1}
        assert send_mails(now=NOW) == NOTHING | {"failed": 1}
    finally:
        writes.delete(item(key.pk, key.sort_key))


def test_a_run_ends_when_its_time_is_over_and_the_next_goes_on(server: Server) -> None:
    for number in range(20):
        queue_mail(replace(MAIL, subject=str(number)), NOW)
    left = iter([True] * 5)
    first = send_mails(now=NOW, keep_going=lambda: next(left, False))["sent"]
    assert first == 5
    assert send_mails(now=NOW)["sent"] == 15


def test_a_sender_that_dies_leaves_its_mail_to_a_later_one(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(server, "send", die)
        queue_mail(MAIL, NOW)
        with pytest.raises(KeyboardInterrupt):
            send_mails(now=NOW)
    assert send_mails(now=NOW + FIRST_WAIT_MS - 1) == NOTHING
    assert send_mails(now=NOW + FIRST_WAIT_MS) == NOTHING | {"sent": 1}


def test_a_mail_that_is_sent_twice_is_the_same_mail(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its reader's mail program, or whoever looks at a mail server's log, sees by its id that it is."""
    queue_mail(MAIL, NOW)
    with monkeypatch.context() as patch:
        patch.setattr("chalicelib.usecases.send_mails.mails.forget_mail", die)
        with pytest.raises(KeyboardInterrupt):
            send_mails(now=NOW)
    queue_mail(MAIL, NOW)
    assert send_mails(now=NOW + FIRST_WAIT_MS)["sent"] == 2
    assert (len(server.ids), len(set(server.ids))) == (3, 2)
    assert all(re.fullmatch(r"[0-9]{15}\.[0-9a-f]{16}", id) for id in server.ids)


def about(license: int, *, to: str = "mia@customer.test", code: MailCode = "license_ends") -> Mail:
    """A mail to a manager, as `notices` writes it."""
    item = f"    License:       {license}\n"
    return Mail(to, "Licenses", f"These:\n\n{item}\n    Vendor:        A\n", 3 * DAY_MS, code=code, item=item)


def test_what_managers_are_mailed_goes_out_as_one_mail_of_a_kind_a_day_and_person(server: Server) -> None:
    for number in (1, 2, 2, 3):
        queue_mail(about(number), NOW + number)
    queue_mail(about(1, code="users_taken"), NOW)
    queue_mail(about(1, to="bob@customer.test"), NOW)
    assert send_mails(now=NOW + GATHER_MS - 1) == NOTHING
    assert send_mails(now=NOW + GATHER_MS + 3) == NOTHING | {"sent": 3}
    (text,) = [text for to, _, text in server.taken if to == "mia@customer.test" and "2" in text.partition("Vendor")[0]]
    assert text.startswith("These:\n\n" + "\n".join(f"    License:       {n}\n" for n in (1, 2, 3)) + "\n    Vendor:")
    assert queued() == []


def test_what_comes_later_that_day_is_in_the_mail_of_the_next(server: Server) -> None:
    at = NOW + GATHER_MS
    queue_mail(about(1), NOW)
    assert send_mails(now=at)["sent"] == 1
    for number in (2, 3):
        queue_mail(about(number), at)
    assert send_mails(now=at + GATHER_MS) == NOTHING, "nothing is given up"
    assert send_mails(now=at + DAY_MS - 1) == NOTHING
    assert [item.tries for item in queued()] == [None, None], "as never tried"
    assert send_mails(now=at + DAY_MS) == NOTHING | {"sent": 1}
    assert [text.count("License:") for _, _, text in server.taken] == [1, 2]


def test_a_digest_that_fails_or_whose_sender_dies_loses_nothing_and_stays_one_mail(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        queue_mail(about(number), NOW)
    server.refuses = "SES refuses the mail: Throttling."
    assert send_mails(now=NOW + GATHER_MS)["failed"] == 1
    server.refuses = ""
    forget, left = mails.forget_mail, iter([True])

    def forget_one(queued: QueuedMail) -> None:
        if not next(left, False):
            raise KeyboardInterrupt
        forget(queued)

    with monkeypatch.context() as patch:
        patch.setattr("chalicelib.usecases.send_mails.mails.forget_mail", forget_one)
        with pytest.raises(KeyboardInterrupt):
            send_mails(now=NOW + GATHER_MS + DAY_MS)
    assert send_mails(now=NOW + GATHER_MS + DAY_MS + MAX_WAIT_MS)["sent"] == 1
    assert (len(server.ids), len(set(server.ids)), queued()) == (2, 1, [])


def test_a_large_digest_is_several(server: Server) -> None:
    for number in range(MAX_DIGEST + 1):
        queue_mail(about(number), NOW)
    assert send_mails(now=NOW + GATHER_MS)["sent"] == 1
    assert send_mails(now=NOW + GATHER_MS + DAY_MS)["sent"] == 1
    assert [text.count("License:") for _, _, text in server.taken] == [MAX_DIGEST, 1]


def test_a_mail_has_the_face_of_its_company(vendor: Vendor, monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    sent: list[Letter] = []
    monkeypatch.setattr(server, "send", sent.append)
    set_branding(vendor.code, None, None, ADMIN, name="Qbitec", reply_to="sales@vendor.test", now=NOW)
    queue_mail(replace(MAIL, company=vendor.code), NOW)
    assert send_mails(now=NOW)["sent"] == 1
    assert (sent[0].sender, sent[0].reply_to) == ("Qbitec", "sales@vendor.test")


def test_a_mail_leads_to_the_host_of_its_company(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    sent: list[Letter] = []
    monkeypatch.setattr(server, "send", sent.append)
    host = f"{vendor.code.lower()}.vendor.test"
    set_branding(vendor.code, None, None, ADMIN, host=host, now=NOW)
    queue_mail(replace(MAIL, company=vendor.code), NOW)
    settings = runtime().settings.model_copy(update={"portal_url": ""})  # it needs no other address
    with using(replace(runtime(), settings=settings)):
        assert send_mails(now=NOW)["sent"] == 1
    assert f"https://{host}/portal" in sent[0].text


def test_a_lease_lasts_longer_than_a_run() -> None:
    waits = [next_try(tries, 0) for tries in range(1, 60)]
    assert waits[0] > RUN_SECONDS * 1000 + 10_000
    assert (waits == sorted(waits), waits[-1]) == (True, MAX_WAIT_MS)
