"""What is done to an account at once: use cases that write what belongs to it, and what each is to the model."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from chalicelib.domain.errors import SeatkeeperError, Unavailable
from chalicelib.domain.events import Actor
from chalicelib.domain.session import SessionClaims
from chalicelib.runtime import runtime, using
from chalicelib.usecases import change_account
from chalicelib.usecases.assign_user import Profile
from chalicelib.usecases.catalog import find_credentials
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.change_seat import set_password
from chalicelib.usecases.close_account import close_account
from chalicelib.usecases.create import create_api_key, revoke_api_key
from chalicelib.usecases.forgotten_password import request_code, set_password_by_code
from chalicelib.usecases.idempotency import IdempotencyKey, perform_once
from chalicelib.usecases.initial_password import reveal_initial_password
from chalicelib.usecases.invitations import accept_invitation, invite_again
from chalicelib.usecases.portal_queries import authenticate_session
from chalicelib.usecases.send_mails import send_mails
from chalicelib.usecases.sessions import keep_session, log_in_to_portal, log_out
from chalicelib.usecases.unlock import unlock
from tests.explore.accounts import (
    BROWSER,
    ELSEWHERE,
    MANAGER,
    ORIGINS,
    OWNER,
    PASSWORDS,
    WRONG_CODE,
    AccountWorld,
    Postbox,
    guess,
)
from tests.model.account import BUSY, OK, Call
from tests.proof.history import CRASHED, DIED
from tests.proof.weather import Died
from tests.support import ADMIN

OWNS = Actor(f"user:{OWNER}")
MANAGES = Actor(f"user:{MANAGER}")


@dataclass(slots=True)
class AccountOutcome:
    """What came of it."""

    answer: str = OK
    session: SessionClaims | None = None
    """That was opened."""
    made: str = ""
    """The password that was made."""
    sent: list[str] = field(default_factory=list)
    """What was mailed, by the model's names."""


Do = Callable[[AccountWorld, AccountOutcome], None]
"""Notes what came of it besides `ok`."""


@dataclass(frozen=True, slots=True)
class AccountDeed:
    """One call, as it is named in schedules."""

    name: str
    call: Call
    """What it is to the model. An empty password is the one that the account has at the start."""
    do: Do

    def outcome(self, world: AccountWorld) -> AccountOutcome:
        """Do it. Raises nothing."""
        outcome, box = AccountOutcome(), Postbox()
        outcome.sent = box.sent
        try:
            with using(replace(runtime(), mailer=box)):
                self.do(world, outcome)
        except Unavailable:
            outcome.answer = BUSY
        except SeatkeeperError as refused:
            outcome.answer = refused.code
        except Died:
            outcome.answer = DIED
        except Exception as error:  # a bug is an answer that is never right
            outcome.answer = f"{CRASHED}: {type(error).__name__}: {error}"
        return outcome


def _log_in(name: str, password: str = "", origin: str = "browser") -> AccountDeed:
    """A log-in to the portal."""

    def do(world: AccountWorld, outcome: AccountOutcome) -> None:
        given = world.vendor.code, OWNER, _password(world, password), ORIGINS[origin]
        outcome.session = log_in_to_portal(*given, now=world.now)[1]

    return AccountDeed(name, Call("log in", password=password, origin=origin, session=name), do)


def _activate(world: AccountWorld, _: AccountOutcome) -> None:
    world.vendor.activate(OWNER, "d0", _password(world), license_id=world.license.id, now=world.now)


def _change(world: AccountWorld, _: AccountOutcome) -> None:
    _choose(world, _password(world))


def _choose_first(world: AccountWorld, _: AccountOutcome) -> None:
    _choose(world, None)


def _choose(world: AccountWorld, old: str | None) -> None:
    """As the page does."""
    given = world.vendor.code, world.user_id, PASSWORDS["new"], OWNS
    user = change_account.choose_password(*given, old_password=old, epoch=world.epoch, now=world.now)
    keep_session(world.session, user.session_epoch, now=world.now)


def _set(world: AccountWorld, _: AccountOutcome) -> None:
    given = world.vendor.code, world.license.id, OWNER, PASSWORDS["handed out"], MANAGES
    set_password(*given, manager_id=world.manager_id, now=world.now)


def _set_once(content: str) -> Do:
    """As a command of the vendor's does, under a key."""

    def do(world: AccountWorld, outcome: AccountOutcome) -> None:
        code, license_id, now = world.vendor.code, world.license.id, world.now
        performed = perform_once(
            IdempotencyKey("admin", "key", content),
            lambda: set_password(code, license_id, OWNER, None, ADMIN, now=now),
            lambda made: {"password": made[1]},
            now=now,
        )
        assert performed.answer is not None
        outcome.made = performed.answer["password"]

    return do


def _reveal(world: AccountWorld, outcome: AccountOutcome) -> None:
    given = world.vendor.code, world.license.id, OWNER, world.manager_id, MANAGES
    shown = reveal_initial_password(*given, now=world.now)
    if shown is not None:
        outcome.answer = f"{OK} {named_password(world, shown)}"


def _ask(world: AccountWorld, _: AccountOutcome) -> None:
    request_code(world.vendor.code, OWNER, BROWSER, ORIGINS["browser"], now=world.now)


def _redeem(new: str, code: str = "") -> Do:
    def do(world: AccountWorld, _: AccountOutcome) -> None:
        given = world.vendor.code, OWNER, code or world.code, PASSWORDS[new], Actor("code"), BROWSER
        set_password_by_code(*given, now=world.now)

    return do


def _accept(new: str) -> Do:
    def do(world: AccountWorld, _: AccountOutcome) -> None:
        accept_invitation(world.link, PASSWORDS[new], Actor("invitation"), now=world.now)

    return do


def _invite(world: AccountWorld, _: AccountOutcome) -> None:
    invite_again(world.vendor.code, world.license.id, OWNER, MANAGES, now=world.now)


def _check(world: AccountWorld, _: AccountOutcome) -> None:
    authenticate_session(world.session, now=world.now)


def _log_out(world: AccountWorld, _: AccountOutcome) -> None:
    log_out(world.session)


def _end_others(world: AccountWorld, _: AccountOutcome) -> None:
    given = world.vendor.code, world.user_id, OWNS
    epoch = change_account.end_other_sessions(*given, epoch=world.epoch, now=world.now)
    keep_session(world.session, epoch, now=world.now)


def _rename(name: str) -> Do:
    def do(world: AccountWorld, _: AccountOutcome) -> None:
        change_account.change_profile(world.vendor.code, world.user_id, Profile(name), OWNS, now=world.now)

    return do


def _send(world: AccountWorld, _: AccountOutcome) -> None:
    send_mails(now=world.now)


def _unlock(world: AccountWorld, _: AccountOutcome) -> None:
    unlock(world.vendor.code, OWNER, ADMIN, now=world.now)


def _move(world: AccountWorld, _: AccountOutcome) -> None:
    given = world.vendor.code, world.license.id, OWNER, ELSEWHERE, MANAGES
    change_email(*given, manager_id=world.manager_id, now=world.now)


def _make_key(content: str) -> Do:
    """As a command of the vendor's does, under a key of its own."""

    def do(world: AccountWorld, outcome: AccountOutcome) -> None:
        performed = perform_once(
            IdempotencyKey("admin", "key", content),
            lambda: create_api_key(world.vendor.code, frozenset(), False, ADMIN, now=world.now),
            lambda made: {"api_key": made[0].api_key},
            now=world.now,
        )
        assert performed.answer is not None
        outcome.made = performed.answer["api_key"]

    return do


def _use_key(world: AccountWorld, outcome: AccountOutcome) -> None:
    found = find_credentials(world.vendor.api_key, fresh=True, now=world.now)
    assert found is not None
    key, secret = found
    assert secret == world.vendor.shared_key
    outcome.answer = "api_key_revoked" if key.revoked else OK


def _revoke_key(world: AccountWorld, _: AccountOutcome) -> None:
    revoke_api_key(world.vendor.code, world.vendor.api_key, ADMIN, now=world.now)


def _guess(world: AccountWorld, _: AccountOutcome) -> None:
    guess(world.vendor, world.now)


def _close(world: AccountWorld, _: AccountOutcome) -> None:
    close_account(world.vendor.code, OWNER, ADMIN, now=world.now)


def _password(world: AccountWorld, name: str = "") -> str:
    """In clear; by default the one that the account has at the start, or would have if it were open."""
    return world.passwords[name or world.model.password or "own"]


def named_password(world: AccountWorld, text: str) -> str:
    """By the model's name."""
    return next((name for name, known in world.passwords.items() if known == text), "made")


def _all() -> Iterator[AccountDeed]:
    """By the owner, and whoever takes himself for him; managers, the vendor, the clock, and applications."""
    yield _log_in("log-in")
    yield _log_in("log-in-wrong", "wrong")
    yield _log_in("log-in-stranger", "wrong", "stranger")
    yield _log_in("log-in-new", "new")
    yield AccountDeed("activate", Call("activate", origin="nowhere"), _activate)
    yield AccountDeed("change", Call("change", new="new", origin="session", session="open"), _change)
    yield AccountDeed("choose", Call("choose", new="new", session="open"), _choose_first)
    yield AccountDeed("set", Call("set", new="handed out"), _set)
    yield AccountDeed("set-once", Call("set once", new="made", code="this"), _set_once("this"))
    yield AccountDeed("set-reused", Call("set once", new="made", code="that"), _set_once("that"))
    yield AccountDeed("reveal", Call("reveal"), _reveal)
    yield AccountDeed("ask", Call("ask", code="new"), _ask)
    yield AccountDeed("redeem", Call("redeem", new="by code", code="asked"), _redeem("by code"))
    yield AccountDeed("redeem-otherwise", Call("redeem", new="otherwise", code="asked"), _redeem("otherwise"))
    yield AccountDeed("guess-code", Call("redeem", new="otherwise", code="wrong"), _redeem("otherwise", WRONG_CODE))
    yield AccountDeed("accept", Call("accept", new="by link", code="mailed"), _accept("by link"))
    yield AccountDeed("accept-otherwise", Call("accept", new="otherwise", code="mailed"), _accept("otherwise"))
    yield AccountDeed("invite", Call("invite", code="sent again"), _invite)
    yield AccountDeed("check-session", Call("check", session="open"), _check)
    yield AccountDeed("log-out", Call("log out", session="open"), _log_out)
    yield AccountDeed("end-others", Call("end others", session="open"), _end_others)
    yield AccountDeed("rename", Call("rename", new="Ada"), _rename("Ada"))
    yield AccountDeed("rename-otherwise", Call("rename", new="Eve"), _rename("Eve"))
    yield AccountDeed("send", Call("send"), _send)
    yield AccountDeed("unlock", Call("unlock"), _unlock)
    yield AccountDeed("move", Call("move"), _move)
    yield AccountDeed("close", Call("close"), _close)
    yield AccountDeed("make-key", Call("make key", code="this"), _make_key("this"))
    yield AccountDeed("make-key-reused", Call("make key", code="that"), _make_key("that"))
    yield AccountDeed("use-key", Call("use key"), _use_key)
    yield AccountDeed("revoke-key", Call("revoke key"), _revoke_key)
    yield AccountDeed("guess-user", Call("guess"), _guess)


ACCOUNT_DEEDS: dict[str, AccountDeed] = {deed.name: deed for deed in _all()}

_LOCKS = ("log-in", "log-in-wrong", "log-in-new", "change", "set", "unlock", "close")
_PASSWORDS = (
    *("log-in", "log-in-wrong", "log-in-new", "activate", "change", "choose", "set", "set-once", "set-reused"),
    *("reveal", "check-session", "log-out", "end-others", "unlock", "close"),
)
_CODES = ("ask", "redeem", "redeem-otherwise", "guess-code", "log-in", "change", "set", "check-session", "send")
_LINKS = ("accept", "accept-otherwise", "invite")
_KEYS = ("make-key", "make-key-reused", "use-key", "revoke-key")
FROM: dict[str, tuple[str, ...]] = {
    "own": tuple(name for name in ACCOUNT_DEEDS if name not in (*_KEYS, *_LINKS)),
    "closed": tuple(name for name in ACCOUNT_DEEDS if name not in (*_KEYS, *_LINKS)),
    "invited": (*_LINKS, "choose", "set", "log-in", "move", "close"),
    "key": _KEYS,
    "initial": _PASSWORDS,
    "outdated": _PASSWORDS,
    "failed": _LOCKS,
    "locked": _LOCKS,
    "crowded": _LOCKS,
    "asked": (*_CODES, "close"),
    "tried": _CODES,
    "used": _CODES,
    "late": _CODES,
    "guessed": ("guess-user", "move", "close"),
}
"""From each start what has to do with it."""
