"""An account with a second factor: what is done to it at once, and what each call is to the model."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import NamedTuple

from chalicelib.domain.errors import Rejected
from chalicelib.domain.events import Actor
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.second_factor import MAX_WRONG, STEP_MS, app_code
from chalicelib.domain.session import ListedSession, SessionClaims
from chalicelib.domain.users import User
from chalicelib.runtime import runtime, using
from chalicelib.store import accounts, histories, reads, sessions
from chalicelib.usecases.change_account import end_other_sessions
from chalicelib.usecases.change_seat import set_password
from chalicelib.usecases.close_account import close_account
from chalicelib.usecases.log_in_code import PendingLogIn, log_in_by_code, pending_log_in
from chalicelib.usecases.passkey_answers import PasskeyAnswer
from chalicelib.usecases.second_factor import (
    Offer,
    offer_secret,
    remove_second_factor,
    renew_recovery_codes,
    turn_off,
    turn_on,
)
from chalicelib.usecases.send_mails import send_mails
from chalicelib.usecases.session_list import end_one_session, note_session
from chalicelib.usecases.sessions import keep_session, log_in_to_portal, log_out, open_session
from tests.explore.accounts import MANAGER, MINUTE, ORIGINS, OWNER, PASSWORDS, Postbox
from tests.explore.deeds import Outcome, outcome_of
from tests.explore.engine import State
from tests.explore.scheduler import controlled
from tests.explore.worlds import new_engine
from tests.model.account import OK
from tests.model.second_factor import APP, RECOVERY, SPARE, WRONG, Call, Guarded
from tests.support import ADMIN, HOUR, NOW, Vendor
from tests.usecases.people import PASSWORD, account, chosen, protected, wrong_code

OWNS, MANAGES = Actor(f"user:{OWNER}"), Actor(f"user:{MANAGER}")
ADDRESS = ORIGINS["browser"].address
BEGIN: Instant = NOW - MINUTE
"""When the session was opened, and passwords entered."""
FIRST, SECOND = "first", "second"
"""Two who have entered the password."""
Claims = dict[str, PendingLogIn]
Codes = Mapping[str, str | PasskeyAnswer]
"""By the model's names, what is typed, or what a passkey has answered."""
STARTS = ("protected", "entered", "guessed", "without")
"""A second factor, of which no code was used; the code of the app has opened the session; one wrong code more is looked
at; none, and two forms offer one.
"""


@dataclass(frozen=True, slots=True, eq=False)
class FactorWorld:
    """A state, and who knows what of it."""

    name: str
    state: State
    vendor: Vendor
    license: License
    model: Guarded
    user_id: int
    manager_id: int
    session: SessionClaims
    """That is open; it is the only one that is listed."""
    listed: ListedSession
    claims: Claims
    codes: Codes
    offers: tuple[Offer, ...]
    """Two secrets that were shown to set up an app with."""
    before: frozenset[str]
    """The keys of the events that are there."""
    now: Instant = NOW
    """When it is called."""


@dataclass(slots=True)
class FactorOutcome:
    """What came of a call."""

    answer: str = OK
    session: SessionClaims | None = None
    """That was opened."""
    made: tuple[str, ...] = ()
    """The recovery codes that were made."""


Do = Callable[[FactorWorld, FactorOutcome], Outcome | None]
"""Notes what came of it; answers what is not just `ok`."""


@dataclass(frozen=True, slots=True)
class FactorDeed:
    """One call, as it is named in schedules."""

    name: str
    call: Call
    """What it is to the model."""
    do: Do

    def outcome(self, world: FactorWorld) -> FactorOutcome:
        """Do it. Raises nothing."""
        outcome = FactorOutcome()
        outcome.answer = outcome_of(lambda: self.do(world, outcome)).answer
        return outcome


class Begun(NamedTuple):
    """An account as schedules find it."""

    session: SessionClaims
    model: Guarded
    claims: Claims
    codes: Codes


@cache
def world(start: str) -> FactorWorld:
    """The world of that start. Always the same one, to the last id."""
    return made_world(start, partial(_begun, start))


def made_world(start: str, begin: Callable[[Vendor], Begun]) -> FactorWorld:
    """The world of an account that begins so."""
    engine = new_engine({})
    with controlled(engine):
        vendor = Vendor(now=NOW - 3 * HOUR)
        license = vendor.issue("revit", MANAGER, max_license_users=2, customer=None)
        vendor.assign(license, OWNER, 5)
        session, model, claims, codes = begin(vendor)
        note_session(session, "browser", ADDRESS, now=BEGIN)
        user = account(vendor, OWNER)
        (listed,) = sessions.listed_in(reads.get(sessions.listed_item(vendor.code, user.id), now=BEGIN))
        offers = tuple(offer_secret(user) for _ in range(2))
        with using(replace(runtime(), mailer=Postbox())):
            send_mails(now=NOW - 1)
        before = frozenset(event.key for event in histories.company_events(vendor.code))
        people = user.id, account(vendor, MANAGER).id
    return FactorWorld(
        start, engine.state, vendor, license, model, *people, session, listed, claims, codes, offers, before
    )


def claims_of(user: User) -> Claims:
    """Of two who have entered the password of the account."""
    return {name: pending_log_in(user, ORIGINS["browser"], now=BEGIN) for name in (FIRST, SECOND)}


def _begun(start: str, vendor: Vendor) -> Begun:
    user, codes = chosen(vendor, OWNER), dict[str, str]()
    if start != "without":
        user, codes = _with_factor(vendor)
    claims = claims_of(user)
    session, model = _entered(claims, codes) if start == "entered" else _as_before(start, user, claims, codes)
    return Begun(session, model, claims, codes)


def _with_factor(vendor: Vendor) -> tuple[User, dict[str, str]]:
    """The account once it is on, and the codes that are known."""
    owner = protected(vendor, OWNER, at=BEGIN - MINUTE)
    recovery, spare, *_ = owner.recovery_codes
    wrong = wrong_code(owner.secret, NOW)
    return owner.user, {APP: owner.shows(NOW), RECOVERY: recovery, SPARE: spare, WRONG: wrong}


def _entered(claims: Claims, codes: Codes) -> tuple[SessionClaims, Guarded]:
    """The session that a code has opened, and what the account is then."""
    session = log_in_by_code(claims[FIRST], codes[APP], ADDRESS, now=NOW - STEP_MS)[1]
    own = Call("enter", APP, FIRST).opens
    return session, Guarded(good=frozenset({RECOVERY, SPARE}), sessions=frozenset({(own, 0)}), own=own)


def _as_before(start: str, user: User, claims: Claims, codes: Codes) -> tuple[SessionClaims, Guarded]:
    """The session of who has turned it on, or has none, and what the account is."""
    session = open_session(user, now=BEGIN)
    if start == "without":
        return session, Guarded(app=False, good=frozenset())
    tried = MAX_WRONG - 1 if start == "guessed" else 0
    for _ in range(tried):
        with suppress(Rejected):
            log_in_by_code(claims[SECOND], codes[WRONG], ADDRESS, now=BEGIN)
    return session, Guarded(tried=((Call("enter", WRONG).counted, tried),) if tried else ())


def _log_in(world: FactorWorld, outcome: FactorOutcome) -> Outcome | None:
    given = world.vendor.code, OWNER, PASSWORD, ORIGINS["browser"]
    outcome.session = log_in_to_portal(*given, now=world.now)[1]
    return Outcome(f"{OK}, a code is asked for") if outcome.session is None else None


def enter(name: str, claim: str, code: str) -> FactorDeed:
    """A log-in of who has entered the password, by this code."""

    def do(world: FactorWorld, outcome: FactorOutcome) -> None:
        outcome.session = log_in_by_code(world.claims[claim], world.codes[code], ADDRESS, now=world.now)[1]

    return FactorDeed(name, Call("enter", code, claim), do)


def turn_on_by(form: int) -> Do:
    """By the app that was set up with this offer."""

    def do(world: FactorWorld, outcome: FactorOutcome) -> None:
        offer = world.offers[form]
        shown = app_code(offer.secret, world.now // STEP_MS)
        given = world.vendor.code, world.user_id, offer.sealed, shown, PASSWORD, OWNS
        outcome.made = turn_on(*given, epoch=world.claims[FIRST].epoch, now=world.now)[1]

    return do


def by_code(use_case: Callable[..., object], code: str, *about: object) -> Do:
    """A change in the session, by this code."""

    def do(world: FactorWorld, _: FactorOutcome) -> None:
        given = world.vendor.code, world.user_id, *about, world.codes[code], OWNS
        use_case(*given, epoch=world.claims[FIRST].epoch, now=world.now)

    return do


def _renew(code: str) -> Do:
    def do(world: FactorWorld, outcome: FactorOutcome) -> None:
        given = world.vendor.code, world.user_id, world.codes[code], OWNS
        outcome.made = renew_recovery_codes(*given, epoch=world.claims[FIRST].epoch, now=world.now)[1]

    return do


def _end_one(world: FactorWorld, _: FactorOutcome) -> None:
    user = accounts.read_user(world.vendor.code, world.user_id)
    assert user is not None
    end_one_session(user, world.listed, OWNS, now=world.now)


def _end_others(world: FactorWorld, _: FactorOutcome) -> None:
    given = world.vendor.code, world.user_id, OWNS
    epoch = end_other_sessions(*given, epoch=world.claims[FIRST].epoch, now=world.now)
    keep_session(world.session, epoch, now=world.now)


def _set(world: FactorWorld, _: FactorOutcome) -> None:
    given = world.vendor.code, world.license.id, OWNER, PASSWORDS["handed out"], MANAGES
    set_password(*given, manager_id=world.manager_id, now=world.now)


def _of_account(use_case: Callable[..., object]) -> Do:
    def do(world: FactorWorld, _: FactorOutcome) -> None:
        use_case(world.vendor.code, OWNER, ADMIN, now=world.now)

    return do


def _all() -> Iterator[FactorDeed]:
    """By the owner, whoever knows the password, a manager, and the vendor."""
    yield FactorDeed("log-in", Call("log in"), _log_in)
    yield enter("enter", FIRST, APP)
    yield enter("enter-rival", SECOND, APP)
    yield enter("enter-wrong", SECOND, WRONG)
    yield enter("recover", FIRST, RECOVERY)
    yield enter("recover-rival", SECOND, RECOVERY)
    yield FactorDeed("turn-on", Call("turn on"), turn_on_by(0))
    yield FactorDeed("turn-on-rival", Call("turn on"), turn_on_by(1))
    yield FactorDeed("turn-off", Call("turn off", APP), by_code(turn_off, APP))
    yield FactorDeed("renew", Call("renew", APP), _renew(APP))
    yield FactorDeed("renew-by-recovery", Call("renew", RECOVERY), _renew(RECOVERY))
    yield FactorDeed("end-one", Call("end one"), _end_one)
    yield FactorDeed("end-others", Call("end others"), _end_others)
    yield FactorDeed("log-out", Call("log out"), lambda world, _: log_out(world.session))
    yield FactorDeed("set", Call("set"), _set)
    yield FactorDeed("remove", Call("remove"), _of_account(remove_second_factor))
    yield FactorDeed("close", Call("close"), _of_account(close_account))


DEEDS: dict[str, FactorDeed] = {deed.name: deed for deed in _all()}
FROM: dict[str, tuple[str, ...]] = {
    "protected": tuple(name for name in DEEDS if name not in ("turn-on", "turn-on-rival")),
    "entered": ("enter", "enter-rival", "turn-off", "end-one", "end-others", "log-out", "set"),
    "guessed": ("enter", "enter-wrong", "recover", "turn-off", "renew"),
    "without": ("log-in", "turn-on", "turn-on-rival", "end-others", "set", "remove", "close"),
}
"""From each start what has to do with it."""
