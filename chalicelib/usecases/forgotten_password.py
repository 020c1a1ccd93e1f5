"""A forgotten password: a code is mailed to the account, and who reads it there chooses a new password."""

from hmac import compare_digest

from chalicelib import observability
from chalicelib.domain.catalog import Company
from chalicelib.domain.errors import Denied, Invalid
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant, whole_seconds
from chalicelib.domain.one_time_code import (
    MAX_OF_ADDRESS,
    VALID_MS,
    CodeRequests,
    OneTimeCode,
    new_code,
    typed_code,
    with_request,
)
from chalicelib.domain.origin import NOWHERE, Failures, Origin
from chalicelib.domain.users import User
from chalicelib.mail.messages import write_mail
from chalicelib.store import accounts, one_time_codes
from chalicelib.store.database import ConditionFailed
from chalicelib.store.mails import queue_mail
from chalicelib.usecases.chosen_password import guard_chosen
from chalicelib.usecases.named_account import account_name, named_user
from chalicelib.usecases.notices import own_password_notice
from chalicelib.usecases.passwords import verify_password, with_own_password
from chalicelib.usecases.readers import reader_of
from chalicelib.usecases.retry import decide_and_write
from chalicelib.usecases.security_events import note_security_event


def request_code(company: str, email: str, browser: str = "", origin: Origin = NOWHERE, *, now: Instant) -> None:
    """Queue a mail with a code for this account, if there is one; good in the browser that asked, until it asks again.

    Nothing tells whether there is one: the same is read and written, and a mail for nobody is queued.
    Does nothing where as many were mailed of late as may be (`domain.one_time_code`).
    Raises `Denied`: `rate_limit_exceeded`, where one address asks for very many; `Unavailable`.
    """
    account = account_name(company, email)
    if account is None:
        return
    if not _may_ask(account, origin, now):
        return
    code = new_code()
    one_time_codes.put_code(*account, browser, one_time_codes.hash_code(*account, code), now)
    owner, user = accounts.read_company(account[0]), named_user(*account)
    to = "" if user is None else user.email
    note_security_event(account[0], user or account[1], "code_asked", Actor("somebody", origin.address or None), now)
    face = owner or Company(account[0], 0, "", 0)
    language = face.language if user is None else reader_of(user, face).language
    params = {"name": face.name, "code": code, "email": account[1], "minutes": str(VALID_MS // 60_000)}
    queue_mail(write_mail("code_requested", to, account[0], params, valid_ms=VALID_MS, language=language), now)


def set_password_by_code(
    company: str, email: str, code: str, new_password: str, actor: Actor, browser: str = "", *, now: Instant
) -> User:
    """Replace the password, given the code of this browser. All sessions are over, and nothing holds log-ins back.
    The owner is mailed.

    Doing so again with the same password changes nothing. Raises `Invalid`: `validation_error`, and `invalid_code`
    for whatever else does not belong together.
    """
    guard_chosen(new_password, company, email)
    account = account_name(company, email)
    if account is None:
        raise Invalid("invalid_code")
    hashed = one_time_codes.hash_code(*account, typed_code(code))
    _try(*account, browser, hashed, now)

    def read(_: bool) -> tuple[OneTimeCode, User]:
        stored, user = one_time_codes.read_code(*account, browser, now), named_user(*account)
        if user is None or stored.code_hash != hashed or stored.mailed_at < user.reopened_at:
            raise Invalid("invalid_code")
        return stored, user

    def decide(state: tuple[OneTimeCode, User]) -> User:
        stored, user = state
        if not stored.used:
            return with_own_password(user, new_password, email_verified=True)
        if not verify_password(user.password_hash, new_password):
            raise Invalid("invalid_code")
        return user  # the same call once more

    def write(state: tuple[OneTimeCode, User], changed: User) -> None:
        stored, user = state
        if not stored.used:
            event = Event.new("password_changed", actor, now, user=user.email, user_id=user.id, by="code")
            one_time_codes.redeem(
                stored, browser, user, changed, event, own_password_notice(user, "password_changed_by_code")
            )

    _, user = decide_and_write(read, decide, write)
    observability.add_fields(company=user.company, user_id=user.id)
    return user


def _may_ask(account: tuple[str, str], origin: Origin, now: Instant) -> bool:
    """Note that a code is asked for, where one may be mailed. Raises `SeatkeeperError`, `Unavailable`."""

    def decide(seen: tuple[CodeRequests, Failures]) -> CodeRequests | None:
        asked, of_address = seen
        if of_address.times >= MAX_OF_ADDRESS:
            raise Denied("rate_limit_exceeded", retry_after=whole_seconds(of_address.until - now))
        return with_request(asked, origin, now)

    def write(seen: tuple[CodeRequests, Failures], asked: CodeRequests | None) -> None:
        if asked is not None:
            one_time_codes.record_code_request(*account, seen[0], asked)

    seen, asked = decide_and_write(
        lambda _: one_time_codes.read_code_requests(*account, origin.address, now), decide, write
    )
    if origin.address:
        one_time_codes.count_asked(origin.address, seen[1], now)
    return asked is not None


def _try(company: str, email: str, browser: str, hashed: str, now: Instant) -> None:
    """Raises `SeatkeeperError` where this is not the newest code, or that may not be tried any more."""
    try:
        tried = one_time_codes.count_try(company, email, browser, now)
    except ConditionFailed:
        raise Invalid("invalid_code") from None
    if not compare_digest(tried.code_hash, hashed):
        raise Invalid("invalid_code")
