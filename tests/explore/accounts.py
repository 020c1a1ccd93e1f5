"""The states of an account that schedules start from: a license user's, whose license a manager has.

Made by the use cases themselves, and kept as what is then stored. The model is told what that is.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from unittest.mock import patch

from argon2 import PasswordHasher

from chalicelib.domain.errors import Rejected
from chalicelib.domain.events import Actor
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.one_time_code import VALID_MS
from chalicelib.domain.origin import NOWHERE, Origin
from chalicelib.domain.session import SessionClaims
from chalicelib.mail.sender import Letter, Mailer
from chalicelib.runtime import runtime, using
from chalicelib.store import accounts, histories, login_attempts, mails
from chalicelib.store.login_attempts import Account
from chalicelib.usecases import passwords
from chalicelib.usecases.change_password import change_password
from chalicelib.usecases.close_account import close_account
from chalicelib.usecases.forgotten_password import request_code, set_password_by_code
from chalicelib.usecases.invitations import invite_again
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.send_mails import send_mails
from chalicelib.usecases.sessions import log_in_to_portal
from tests.explore.engine import State
from tests.explore.scheduler import controlled
from tests.explore.worlds import new_engine
from tests.model import account as model
from tests.model.account import MAX_FAILURES, MAX_MAILS, MAX_TRIES, NOBODYS, Attempts, Code
from tests.support import ADMIN, HOUR, NOW, Vendor

MINUTE = HOUR // 60
BEGIN: Instant = NOW - 3 * HOUR
"""When the account was made."""
OWNER, MANAGER = "ada@customer.test", "mia@customer.test"
ELSEWHERE = "eve@customer.test"
"""The email that the owner may get."""
BROWSER = "browser b1"
"""Of the owner: it has logged in before, and codes are asked for there."""
ORIGINS = {
    "browser": Origin("203.0.113.7", BROWSER),
    "session": Origin("", "session"),
    "stranger": Origin("198.51.100.9"),
    "nowhere": NOWHERE,
}
"""Where log-ins come from, by the model's names."""
GUESSER = "192.0.2.7"
"""From where an application names users."""
PASSWORDS = {
    name: f"turnip-{word}-vessel-19" for name, word in (("own", "Glow"), ("new", "Haze"), ("handed out", "Rust"))
} | {
    "by code": "kettle-Moss-lantern-7",
    "otherwise": "pebble-Frost-anchor-3",
    "by link": "marble-Crane-sleigh-5",
    "wrong": "wrong-Horse-Battery-1",
}
"""By the model's names; `initial` is of each world its own, and `made` of each schedule."""
WRONG_CODE = "00000000"


class Postbox(Mailer):
    """Takes what is mailed."""

    def __init__(self) -> None:
        super().__init__("nowhere")
        self.sent: list[str] = []
        """What each was about, by the model's names."""
        self.texts: list[str] = []

    def send(self, letter: Letter) -> None:
        """As `chalicelib.mail.sender.Mailer`."""
        self.sent.append(about(letter.subject))
        self.texts.append(letter.text)


def about(subject: str) -> str:
    """What a mail is about, by the model's names."""
    return next((name for start, name in _SUBJECTS.items() if subject.startswith(start)), subject)


_SUBJECTS = {
    "Your code": "code",
    "Your password was set": "set",
    "Your password was changed": "changed",
    "Your email": "moved",
    "You have a password": "chosen",
    "You may use": "seat",
    "Two-factor log-in is on": "second_factor_on",
    "Two-factor log-in is off": "second_factor_off",
    "Somebody guesses at": "second_factor_locked",
    "You have new recovery codes": "recovery_codes_made",
    "A recovery code was used": "recovery_code_used",
    "A passkey was added": "passkey_added",
    "A passkey was removed": "passkey_removed",
}


@dataclass(frozen=True, slots=True, eq=False)
class AccountWorld:
    """A state, and what is in it."""

    name: str
    state: State
    vendor: Vendor
    license: License
    model: model.Account
    user_id: int
    manager_id: int
    epoch: int
    """Of the session that is open."""
    session: SessionClaims
    code: str
    """That was mailed last, if one was."""
    passwords: dict[str, str]
    link: str
    """Of the invitation that was mailed last, if one was."""
    before: frozenset[str]
    """The keys of the events that are there."""
    now: Instant = NOW
    """When it is called."""


@dataclass(slots=True)
class _Made:
    """A world while it is made: what is done to the account is done to the model, too."""

    vendor: Vendor
    license: License
    model: model.Account
    passwords: dict[str, str]
    session: SessionClaims
    code: str = ""
    link: str = ""
    box: Postbox = field(default_factory=Postbox)

    @property
    def password(self) -> str:
        """The one that opens the account."""
        return self.passwords[self.model.password]

    def stands(self, **more: Any) -> None:
        """Tell the model how the account stands."""
        self.model = replace(self.model, **more)

    def choose(self) -> None:
        """Let the owner choose a password."""
        actor = Actor(f"user:{OWNER}")
        change_password(self.vendor.code, OWNER, self.password, PASSWORDS["own"], actor, now=BEGIN + 2)
        self.deliver()
        self.stands(password="own", initial=False)

    def log_in(self, at: Instant) -> None:
        """Open the session of the world."""
        given = self.vendor.code, OWNER, self.password, ORIGINS["browser"]
        session = log_in_to_portal(*given, now=at)[1]
        assert session is not None, "nobody here has a second factor"
        self.session = session

    def fail(self, times: int) -> None:
        """Log in so often with a wrong password, each time as soon as that may be done; the last wait is over."""
        for number in range(times):
            at = NOW - 10 * MINUTE + (1000 << number)
            with suppress(Rejected):
                log_in(self.vendor.code, OWNER, PASSWORDS["wrong"], ORIGINS["browser"], now=at)
        failed = Attempts(times, times, waits=times >= MAX_FAILURES)
        self.stands(attempts=frozenset({("browser", failed)}))

    def ask(self, at: Instant, times: int = 1) -> None:
        """Ask for codes; the newest is known, and the mails wait."""
        for number in range(times):
            request_code(self.vendor.code, OWNER, BROWSER, ORIGINS["browser"], now=at + number)
        self.code = _newest_code(self.vendor.code)
        self.stands(code=Code("asked"), asked=times, mails=(("code", times),))

    def redeem(self, at: Instant, code: str) -> None:
        """Try a code."""
        given = self.vendor.code, OWNER, code, PASSWORDS["by code"], Actor("code"), BROWSER
        with suppress(Rejected):
            set_password_by_code(*given, now=at)

    def deliver(self) -> None:
        """Send what waits."""
        with using(replace(runtime(), mailer=self.box)):
            send_mails(now=NOW - MINUTE)


def _newest_code(company: str) -> str:
    """That of the mail which was queued last."""
    _, mail = max(mails.mails_of(company), key=lambda found: found[0].queued_at)
    return next(word for word in mail.text.split() if len(word) == 8 and word.isdigit())


def _initial(made: _Made) -> None:
    made.log_in(NOW - HOUR // 2)


def _invited(made: _Made) -> None:
    """By a link that may be sent again."""
    _initial(made)
    actor = Actor(f"user:{MANAGER}")
    invite_again(made.vendor.code, made.license.id, OWNER, actor, now=NOW - HOUR // 2)
    _, mail = max(mails.mails_of(made.vendor.code), key=lambda found: found[0].queued_at)
    made.link = mail.text.partition("link=")[2].split()[0]
    made.deliver()
    made.stands(invitation="mailed")


def _own(made: _Made) -> None:
    made.choose()
    made.log_in(NOW - HOUR // 2)


def _outdated(made: _Made) -> None:
    """The hash of the password is as it was made of old: the next log-in makes it anew."""
    old = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1)
    with patch.object(passwords, "hasher", lambda: old):
        _own(made)
    made.stands(outdated=True)


def _nearly_locked(made: _Made) -> None:
    _own(made)
    made.fail(MAX_FAILURES - 1)


def _locked(made: _Made) -> None:
    _own(made)
    made.fail(MAX_FAILURES)


def _crowded(made: _Made) -> None:
    """So many log-ins are under way that one more may be."""
    _own(made)
    account = Account(made.vendor.code, OWNER, ORIGINS["browser"])
    for _ in range(MAX_FAILURES - 1):
        seen = login_attempts.read_attempts(account, "", NOW - 1, consistent=True)
        login_attempts.start_attempt(account, seen.own, NOW - 1)
    made.stands(attempts=frozenset({("browser", Attempts(MAX_FAILURES - 1))}))


def _asked(made: _Made) -> None:
    """A code more may be asked for."""
    _own(made)
    made.ask(NOW - 2 * MINUTE, MAX_MAILS - 1)


def _tried(made: _Made) -> None:
    """The code may be tried once more."""
    _asked(made)
    for _ in range(MAX_TRIES - 1):
        made.redeem(NOW - MINUTE, WRONG_CODE)
    made.stands(code=Code("asked", MAX_TRIES - 1))


def _used(made: _Made) -> None:
    _own(made)
    made.ask(NOW - 2 * MINUTE)
    made.redeem(NOW - MINUTE, made.code)
    made.stands(password="by code", proved=True, code=Code("asked", 1, used=True), mails=(("changed", 1), ("code", 1)))
    made.log_in(NOW - MINUTE)


def _late(made: _Made) -> None:
    """The code is over."""
    _own(made)
    made.ask(NOW - VALID_MS)
    made.deliver()
    made.stands(code=Code("asked", over=True), mails=())


def guess(vendor: Vendor, now: Instant) -> None:
    """Name the owner from a device that was never the owner's. Raises `Rejected`."""
    vendor.deactivate(OWNER, "a device of somebody", address=GUESSER, now=now)


def _guessed(made: _Made) -> None:
    """One more may be named from the address."""
    _own(made)
    with suppress(Rejected):
        guess(made.vendor, NOW - MINUTE)
    made.stands(guesses=1)


def _closed(made: _Made) -> None:
    _own(made)
    close_account(made.vendor.code, OWNER, ADMIN, now=NOW - MINUTE)
    made.stands(password=NOBODYS, closed=True, seated=False)


_PREPARE: dict[str, Callable[[_Made], None]] = {
    "initial": _initial,
    "invited": _invited,
    "own": _own,
    "outdated": _outdated,
    "failed": _nearly_locked,
    "locked": _locked,
    "crowded": _crowded,
    "asked": _asked,
    "tried": _tried,
    "used": _used,
    "late": _late,
    "closed": _closed,
    "guessed": _guessed,
    "key": _own,
}
STARTS = tuple(_PREPARE)
"""Never logged in with its own password, with one, one wrong password below the lock, locked, and so on."""


@cache
def account_world(name: str) -> AccountWorld:
    """The world of that name. Always the same one, to the last id."""
    engine = new_engine({})
    with controlled(engine):
        vendor = Vendor(now=BEGIN)
        license = vendor.issue("revit", MANAGER, max_license_users=2, customer=None)
        user, initial = vendor.assign(license, OWNER, None if license.max_activations is None else 5)
        session = SessionClaims(vendor.code, user.id, "")
        made = _Made(
            vendor, license, model.Account("initial", initial=True), PASSWORDS | {"initial": initial or ""}, session
        )
        made.deliver()
        _PREPARE[name](made)
        stored = accounts.read_user(vendor.code, user.id)
        manager = accounts.user_of_email(vendor.code, MANAGER)
        assert stored is not None
        assert manager is not None
        before = frozenset(event.key for event in histories.company_events(vendor.code))
    opened = frozenset() if made.model.closed else frozenset({("open", 0)})
    return AccountWorld(
        name=name,
        state=engine.state,
        vendor=vendor,
        license=license,
        model=replace(made.model, sessions=opened),
        user_id=user.id,
        manager_id=manager,
        epoch=stored.session_epoch,
        session=made.session,
        code=made.code,
        passwords=made.passwords,
        link=made.link,
        before=before,
    )
