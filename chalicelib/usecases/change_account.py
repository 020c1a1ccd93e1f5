"""What a person changes in the own account: names, mails, password, sessions."""

from dataclasses import asdict, replace

from chalicelib.domain.days import time_zone
from chalicelib.domain.errors import Invalid, NotFound, Unauthenticated, raise_all, wrong_in
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.mail import OF_PERSON, MailCode
from chalicelib.domain.users import User, guard_open
from chalicelib.languages import known_language
from chalicelib.store import accounts
from chalicelib.usecases.assign_user import Profile, guard_profile
from chalicelib.usecases.change_password import change_password
from chalicelib.usecases.chosen_password import guard_chosen
from chalicelib.usecases.notices import own_password_notice
from chalicelib.usecases.passwords import verify_password, with_own_password
from chalicelib.usecases.retry import decide_and_write


def change_profile(company: str, user_id: int, profile: Profile, actor: Actor, *, now: Instant) -> User:
    """Change the names and the phone number. Raises `Invalid`: `validation_error`, `NotFound`: `user_not_found`."""
    guard_profile(profile)

    def write(old: User, new: User) -> None:
        if old != new:
            accounts.update_user(old, new, Event.new("person_changed", actor, now, user=old.email, user_id=old.id))

    def decide(user: User) -> User:
        return replace(user, **asdict(profile))

    return decide_and_write(lambda _: _find(company, user_id), decide, write, result=lambda _, new: new)[1]


def choose_mails(company: str, user_id: int, off: frozenset[MailCode], actor: Actor, *, now: Instant) -> User:
    """Choose of what the person is not mailed: of `domain.mail.OF_PERSON`. Raises `NotFound`: `user_not_found`."""

    def write(old: User, new: User) -> None:
        if old != new:
            details = {"mails_off": " ".join(sorted(new.mails_off))}
            event = Event.new("person_changed", actor, now, user=old.email, user_id=old.id, **details)
            accounts.update_user(old, new, event)

    def decide(user: User) -> User:
        return replace(user, mails_off=off & OF_PERSON)

    return decide_and_write(lambda _: _find(company, user_id), decide, write, result=lambda _, new: new)[1]


def choose_language(company: str, user_id: int, language: str, zone: str, actor: Actor, *, now: Instant) -> User:
    """Choose in which language and time zone the person reads the portal and mails; empty: as the browser and the
    company say. Raises `Invalid`: `language_unknown`, `time_zone_unknown`; `NotFound`: `user_not_found`.
    """
    raise_all(
        [*(wrong_in("language", known_language, language) if language else ()), *wrong_in("time_zone", time_zone, zone)]
    )

    def write(old: User, new: User) -> None:
        if old != new:
            event = Event.new(
                "person_changed",
                actor,
                now,
                user=old.email,
                user_id=old.id,
                language=new.language,
                time_zone=new.time_zone,
            )
            accounts.update_user(old, new, event)

    def decide(user: User) -> User:
        return replace(user, language=language, time_zone=zone.strip())  # UTC by its name: empty is the company's

    return decide_and_write(lambda _: _find(company, user_id), decide, write, result=lambda _, new: new)[1]


def end_other_sessions(company: str, user_id: int, actor: Actor, *, epoch: int, now: Instant) -> int:
    """End all sessions of the account; answers the epoch that the one of `epoch`, which asks, may be moved into.

    Raises `user_not_found`, `account_closed`; `session_expired` where another one has ended it meanwhile.
    """

    def decide(user: User) -> int:
        _guard_epoch(user, epoch)
        return user.session_epoch + 1

    def write(user: User, _epoch: int) -> None:
        accounts.end_sessions(user, Event.new("sessions_ended", actor, now, user=user.email, user_id=user.id))

    return decide_and_write(lambda _: _find(company, user_id), decide, write, result=lambda _, epoch: epoch)[1]


def choose_password(
    company: str, user_id: int, new_password: str, actor: Actor, *, old_password: str | None, epoch: int, now: Instant
) -> User:
    """Replace the own password; all sessions end, and the owner is mailed. Answers the account as it is then.

    Raises `Invalid`: `validation_error`, `Unauthenticated`: `invalid_credentials`, …
    Who is logged in with an initial password (`old_password` None) need not type it again: the session, of `epoch`, is
    the proof. Raises `session_expired` where that has ended meanwhile.
    """
    user = _find(company, user_id)
    if old_password is not None:
        given = (company, user.email, old_password, new_password, actor)
        return change_password(*given, known="session", now=now)
    guard_chosen(new_password, company, user.email)

    def decide(user: User) -> User:
        _guard_epoch(user, epoch)
        if not user.is_initial_password:
            raise Unauthenticated("invalid_credentials")
        if verify_password(user.password_hash, new_password):
            raise Invalid("password_as_before", field="new_password")
        return with_own_password(user, new_password)

    def write(user: User, changed: User) -> None:
        event = Event.new("password_changed", actor, now, user=user.email, user_id=user.id)
        accounts.change_password(user, changed, event, mail=own_password_notice(user))

    return decide_and_write(lambda _: _find(company, user_id), decide, write, result=lambda _, new: new)[1]


def _guard_epoch(user: User, epoch: int) -> None:
    """A session that others have ended since it was looked at is proof of nothing, and does not come back."""
    if user.session_epoch != epoch:
        raise Unauthenticated("session_expired")


def _find(company: str, user_id: int) -> User:
    user = accounts.read_user(company, user_id)
    if user is None:
        raise NotFound("user_not_found")
    guard_open(user)  # a session that was proved a moment ago must not move into the epoch that has ended it
    return user
