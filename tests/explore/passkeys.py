"""An account with a passkey: what is done to it at once. To the model it is a second factor."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from functools import cache, partial

from chalicelib.domain.passkeys import Passkey
from chalicelib.usecases.log_in_code import ask_passkey
from chalicelib.usecases.passkey_answers import PasskeyAnswer, ask
from chalicelib.usecases.passkeys import add_passkey, remove_passkey
from chalicelib.usecases.second_factor import turn_off
from chalicelib.usecases.sessions import open_session
from tests.explore import factors
from tests.explore.accounts import MINUTE, OWNER
from tests.explore.factors import (
    BEGIN,
    FIRST,
    OWNS,
    SECOND,
    Begun,
    Do,
    FactorDeed,
    FactorOutcome,
    FactorWorld,
    by_code,
    claims_of,
    enter,
    made_world,
    turn_on_by,
)
from tests.model.second_factor import (
    APP,
    KEY,
    KEY_HELD,
    KEY_RIVAL,
    LAPTOP,
    NEW,
    PHONE,
    RECOVERY,
    SPARE,
    TABLET,
    Call,
    Guarded,
)
from tests.support import NOW, Vendor
from tests.usecases.authenticator import HOLDER, Authenticator, asked_for_new, with_passkey
from tests.usecases.people import PASSWORD, account, chosen, protected

STARTS = ("only", "beside", "none")
"""A passkey, and no app; a passkey and an app; neither."""
_LAPTOP = Passkey(urlsafe_b64encode(LAPTOP.encode()).decode(), "", "", 0, 0).key
"""What addresses of the portal call it."""
ASKED = NOW - 10_000
"""When the first challenge was made; each of the others was a second after the one before."""


@cache
def world(start: str) -> FactorWorld:
    """The world of that start. Always the same one, to the last id."""
    return made_world(start, partial(_begun, start))


def _begun(start: str, vendor: Vendor) -> Begun:
    codes, laptop = dict[str, str | PasskeyAnswer](), Authenticator(fixed_id=LAPTOP.encode())
    chosen(vendor, OWNER)
    if start == "beside":
        owner = protected(vendor, OWNER, at=BEGIN - MINUTE)
        codes |= {APP: owner.shows(NOW)} | dict(zip((RECOVERY, SPARE), owner.recovery_codes, strict=False))
    if start != "none":
        held = with_passkey(vendor, OWNER, laptop)
        codes |= dict(zip((RECOVERY, SPARE), held.recovery_codes, strict=False))
    user = account(vendor, OWNER)
    claims = claims_of(user)
    if start != "none":
        for at, (name, claim) in enumerate({KEY: claims[FIRST], KEY_RIVAL: claims[SECOND]}.items()):
            codes[name] = PasskeyAnswer(laptop.sign(ask_passkey(claim, now=ASKED + at * 1000)), claim.id)
        codes[KEY_HELD] = PasskeyAnswer(laptop.sign(ask(user, HOLDER, now=ASKED + 2000)), HOLDER)
    for at, answer in enumerate(NEW.values(), 3):
        codes[answer] = PasskeyAnswer(Authenticator().make(asked_for_new(user, ASKED + at * 1000)), HOLDER)
    keys = frozenset() if start == "none" else frozenset({LAPTOP})
    model = Guarded(app=start == "beside", keys=keys, good=frozenset(codes))
    return Begun(open_session(user, now=BEGIN), model, claims, codes)


def _add(passkey: str) -> Do:
    def do(world: FactorWorld, outcome: FactorOutcome) -> None:
        answer = world.codes[NEW[passkey]]
        assert isinstance(answer, PasskeyAnswer)
        given = world.vendor.code, world.user_id, passkey, answer, PASSWORD, OWNS
        outcome.made = add_passkey(*given, epoch=world.claims[FIRST].epoch, now=world.now)[1]

    return do


def _all() -> Iterator[FactorDeed]:
    """By the owner, whoever knows the password, a manager, and the vendor."""
    yield enter("enter", FIRST, KEY)
    yield enter("enter-rival", SECOND, KEY_RIVAL)
    yield enter("recover", FIRST, RECOVERY)
    yield FactorDeed("add-key", Call("add key", passkey=PHONE), _add(PHONE))
    yield FactorDeed("add-key-rival", Call("add key", passkey=TABLET), _add(TABLET))
    yield _remove("remove-key", KEY_HELD)
    yield _remove("remove-key-by-app", APP)
    yield FactorDeed("turn-on", Call("turn on"), turn_on_by(0))
    yield FactorDeed("turn-off", Call("turn off", KEY_HELD), by_code(turn_off, KEY_HELD))
    yield from (factors.DEEDS[name] for name in ("log-in", "end-others", "set", "remove", "close"))


def _remove(name: str, code: str) -> FactorDeed:
    return FactorDeed(name, Call("remove key", code, passkey=LAPTOP), by_code(remove_passkey, code, _LAPTOP))


DEEDS: dict[str, FactorDeed] = {deed.name: deed for deed in _all()}
FROM: dict[str, tuple[str, ...]] = {
    "only": tuple(name for name in DEEDS if name not in ("recover", "add-key-rival", "remove-key-by-app")),
    "beside": ("enter", "recover", "add-key", "remove-key", "remove-key-by-app", "turn-off", "remove"),
    "none": ("log-in", "add-key", "add-key-rival", "turn-on", "end-others", "set", "close"),
}
"""From each start what has to do with it."""
