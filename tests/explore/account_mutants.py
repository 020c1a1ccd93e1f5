"""Broken builds that get an account wrong: its log-ins, codes, sessions, mails, or what comes again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from chalicelib.domain.events import Event
from chalicelib.domain.one_time_code import MAX_TRIES
from chalicelib.domain.probes import GUESS_WINDOW_MS
from chalicelib.store import accounts, login_attempts, mails, one_time_codes, probes, writes
from chalicelib.store.counters import count_one, read_count
from chalicelib.store.database import ConditionFailed
from chalicelib.store.items.accounts import UserItem
from chalicelib.store.items.ephemera import AttemptsItem, CodeItem, FailuresItem
from chalicelib.usecases import retry
from tests.model.account import MAX_GUESSES
from tests.proof.mutants import Patches, rewriting, without


def _attempts_counted_outside_the_condition() -> Patches:
    """An attempt is counted, and nobody asks how many there are by then."""
    right = login_attempts.start_attempt

    def start_attempt(account: Any, seen: Any, now: int) -> Any:
        if seen.until <= now:
            return right(account, seen, now)
        return writes.update(login_attempts.attempts_item(account), [AttemptsItem.started.add(1)]).to_domain()

    return [(login_attempts, "start_attempt", start_attempt)]


def _success_takes_back_nothing() -> Patches:
    """Who was right stays counted as if he were still at it."""
    return [(login_attempts, "attempt_succeeded", lambda *_: None)]


def _code_used_without_a_condition() -> Patches:
    """Whatever code is there by then is used up."""
    return rewriting(one_time_codes, "redeem", CodeItem, lambda actions, _: (actions, CodeItem.pk.exists()))


def _tries_without_a_limit() -> Patches:
    """A code may be tried as often as it was seen to be good."""

    def count_try(company: str, email: str, browser: str, now: int) -> Any:
        code = one_time_codes.read_code(company, email, browser, now)
        if code.until > now and code.tries < MAX_TRIES:
            writes.update(one_time_codes.code_item(company, email, browser), [CodeItem.tries.add(1)])
            return code
        raise ConditionFailed

    return [(one_time_codes, "count_try", count_try)]


def _guesses_counted_by_what_was_read() -> Patches:
    """Who has named few until a moment ago may name another one."""

    def count_guess(company: str, network: str, now: int) -> None:
        item = FailuresItem(f"guesses#{company}#{network}")
        if read_count(item, now).times >= MAX_GUESSES:
            raise ConditionFailed
        count_one(item, now, GUESS_WINDOW_MS)

    return [(probes, "count_guess", count_guess)]


def _old_session_kept() -> Patches:
    """With a new password the epoch stays."""
    right = accounts._password  # noqa: SLF001 - it is broken here

    def password(user: Any) -> Any:
        return without(right(user), "session_epoch")

    return [(accounts, "_password", password)]


def _ended_session_proves() -> Patches:
    """Who was logged in a moment ago may choose a password, whoever has ended that since."""
    return [(accounts, "_in_epoch", lambda _: UserItem.pk.exists())]


def _password_whatever_it_was() -> Patches:
    """Who knew the password a moment ago may change it, whatever it is by now."""
    is_there = UserItem.pk.exists()
    return [(accounts, "_opened_as", lambda _: is_there), (accounts, "_in_epoch", lambda _: is_there)]


def _link_good_whatever_was_mailed_since() -> Patches:
    """The password is chosen by a link that is the newest no more."""
    right = accounts.change_password

    def change_password(old: Any, new: Any, event: Event, **more: Any) -> None:
        now = accounts.read_user(old.company, old.id)
        right(replace(old, invitation_hash=now and now.invitation_hash), new, event, **more)

    return [(accounts, "change_password", change_password)]


def _mail_behind_the_change() -> Patches:
    """The mail is queued once the change is made: who dies between the two mails nobody."""
    right = accounts.change_password

    def change_password(old: Any, new: Any, event: Event, *, mail: Any = None, **more: Any) -> None:
        right(old, new, event, **more)
        if mail is not None:
            mails.queue_mail(mail, event.at)

    return [(accounts, "change_password", change_password)]


def _mail_ahead_of_the_change() -> Patches:
    """The mail is queued before the change is made, which others may have come before."""
    right = accounts.change_password

    def change_password(old: Any, new: Any, event: Event, *, mail: Any = None, **more: Any) -> None:
        if mail is not None:
            mails.queue_mail(mail, event.at)
        right(old, new, event, **more)

    return [(accounts, "change_password", change_password)]


def _sender_forgets_before_it_sends() -> Patches:
    """A mail is taken out of the queue to be sent: who dies with it has lost it."""
    return [(mails, "lease_mail", lambda queued, _: mails.forget_mail(queued))]


def _mail_sent_by_all_who_see_it() -> Patches:
    return [(mails, "lease_mail", lambda *_: None)]


def _answer_apart_from_its_change() -> Patches:
    """What was answered is kept once the change is made: who calls at the same time makes another."""

    @contextmanager
    def stored_with_result(_: object) -> Iterator[None]:
        yield

    return [(retry, "stored_with_result", stored_with_result)]


ACCOUNT_MUTANTS: dict[str, Callable[[], Patches]] = {
    "attempts counted outside the condition": _attempts_counted_outside_the_condition,
    "success takes back nothing": _success_takes_back_nothing,
    "code used without a condition": _code_used_without_a_condition,
    "tries without a limit": _tries_without_a_limit,
    "guesses counted by what was read": _guesses_counted_by_what_was_read,
    "old session kept": _old_session_kept,
    "ended session proves": _ended_session_proves,
    "password changed whatever it was": _password_whatever_it_was,
    "link good whatever was mailed since": _link_good_whatever_was_mailed_since,
    "mail behind the change": _mail_behind_the_change,
    "mail ahead of the change": _mail_ahead_of_the_change,
    "sender forgets before it sends": _sender_forgets_before_it_sends,
    "mail sent by all who see it": _mail_sent_by_all_who_see_it,
    "answer apart from its change": _answer_apart_from_its_change,
}
CAUGHT_ON_ACCOUNTS = {
    "attempts counted outside the condition": "log-in-wrong+log-in-wrong@account/failed",
    "success takes back nothing": "log-in+check-session@account/own",
    "code used without a condition": "ask+redeem@account/asked",
    "tries without a limit": "redeem+guess-code@account/tried",
    "guesses counted by what was read": "guess-user+guess-user@account/guessed",
    "old session kept": "set+rename@account/own",
    "ended session proves": "choose+end-others@account/initial",
    "password changed whatever it was": "change+set@account/own",
    "link good whatever was mailed since": "accept+invite@account/invited",
    "mail behind the change": "set+check-session@account/own~1",
    "mail ahead of the change": "set+set@account/own",
    "sender forgets before it sends": "check-session+send@account/asked~1",
    "mail sent by all who see it": "send+send@account/asked",
    "answer apart from its change": "set-once+set-once@account/own",
}
"""The setting in which a walk finds each of them at once."""
