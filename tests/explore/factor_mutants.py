"""Broken builds that get a second factor or passkeys wrong, the list of sessions, or a key of the Management API."""

from collections.abc import Callable
from typing import Any

from chalicelib.domain.second_factor import MAX_WRONG, WRONG_WINDOW_MS
from chalicelib.domain.session import ABSOLUTE_MS, listed_session
from chalicelib.store import probes, reads, sessions, writes
from chalicelib.store.counters import count_one, read_count
from chalicelib.store.database import ConditionFailed
from chalicelib.store.items.accounts import UserItem
from chalicelib.store.items.ephemera import FailuresItem, ListedSessionsItem
from chalicelib.usecases import log_in_code, passkeys, second_factor
from tests.proof.mutants import Patches, rewriting, without


def _code_good_whoever_has_used_it() -> Patches:
    """Whoever has read that a code is good is let in by it."""
    is_there = UserItem.pk.exists()
    return rewriting(log_in_code, "change_second_factor", UserItem, lambda actions, _: (actions, is_there))


def _passkeys_written_over() -> Patches:
    """Passkeys are written as they were read, with one more, whoever has added or removed others since."""
    is_there = UserItem.pk.exists()
    return rewriting(passkeys, "change_second_factor", UserItem, lambda actions, _: (actions, is_there))


def _answer_lost_code_gone() -> Patches:
    """Who sends a code again, for want of an answer, is told that it was used."""
    return [(sessions, "is_stored", lambda *_: False)]


def _sessions_outlive_the_password_alone() -> Patches:
    """Who was let in by the password stays, though a second factor is asked for from now on."""
    kept = lambda actions, asked: (without(actions, "session_epoch"), asked)  # noqa: E731 - short and local
    return rewriting(second_factor, "change_second_factor", UserItem, kept)


def _codes_counted_by_what_was_read() -> Patches:
    """Who has tried few until a moment ago may try another one."""

    def count_code(company: str, user_id: int, count: str, now: int) -> None:
        item = FailuresItem(f"guesses#{company}#code#{user_id}#{count}")
        if read_count(item, now).times >= MAX_WRONG:
            raise ConditionFailed
        count_one(item, now, WRONG_WINDOW_MS)

    return [(probes, "count_code", count_code)]


def _right_code_counts() -> Patches:
    """So who logs in often is locked out."""
    return [(probes, "forget_code", lambda *_: None)]


def _list_written_over() -> Patches:
    """The list is written as it was read, with one more: a session of another log-in is in use, and in no list."""

    def list_session(company: str, user_id: int, listed: Any) -> Any:
        item = sessions.listed_item(company, user_id)
        texts = {one.text for one in sessions.listed_in(reads.get(item))} | {listed.text}
        expires = (listed.opened_at + ABSOLUTE_MS) // 1000
        writes.put(ListedSessionsItem(item.pk, entries=texts, expires=expires))
        return [*map(listed_session, texts)]

    return [(sessions, "list_session", list_session)]


def _surplus_listed_no_more_and_open() -> Patches:
    """The oldest session is taken off the list, and goes on."""

    def end_listed(company: str, user_id: int, listed: Any) -> None:
        texts = {one.text for one in listed}
        writes.update(sessions.listed_item(company, user_id), [ListedSessionsItem.entries.delete(texts)])

    return [(sessions, "end_listed", end_listed)]


FACTOR_MUTANTS: dict[str, Callable[[], Patches]] = {
    "code good whoever has used it": _code_good_whoever_has_used_it,
    "removed passkey logs in": _code_good_whoever_has_used_it,
    "passkeys written over": _passkeys_written_over,
    "answer lost, code gone": _answer_lost_code_gone,
    "sessions outlive the password alone": _sessions_outlive_the_password_alone,
    "codes counted by what was read": _codes_counted_by_what_was_read,
    "right code counts": _right_code_counts,
    "list written over": _list_written_over,
    "surplus listed no more, and open": _surplus_listed_no_more_and_open,
}
CAUGHT_ON_FACTORS = {
    "code good whoever has used it": "recover+recover-rival@factor/protected",
    "removed passkey logs in": "enter+remove-key-by-app@passkey/beside",
    "passkeys written over": "add-key+add-key-rival@passkey/none",
    "answer lost, code gone": "enter+log-out@factor/entered",
    "sessions outlive the password alone": "log-in+turn-on@factor/without",
    "codes counted by what was read": "enter-wrong+enter-wrong@factor/guessed",
    "right code counts": "enter+log-out@factor/protected",
    "list written over": "log-in+log-in@session/few",
    "surplus listed no more, and open": "log-in+log-out@session/many",
}
"""The setting in which a walk finds each of them at once."""
