"""What a company lets programs do, and asks of people: keys of its Management API, how often they call, its policy."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from chalicelib.domain.errors import NotFound, SeatkeeperError
from chalicelib.store import accounts, histories, management_keys
from chalicelib.usecases.branding import set_branding
from chalicelib.usecases.call_rate import take_call
from chalicelib.usecases.company_policy import require_second_factor
from chalicelib.usecases.create import create_company
from chalicelib.usecases.delete_company import delete_company
from chalicelib.usecases.management_keys import create_management_key, find_caller, revoke_management_key
from tests.explore.engine import State
from tests.explore.scheduler import controlled
from tests.explore.serial import SerialDeed
from tests.explore.shop import left_of
from tests.explore.worlds import new_engine
from tests.support import ADMIN, DAY, NOW, Vendor

STARTS = ("keyed", "spent")
"""A key that may call twice at once (`scheduler.SMALL`); it has called once."""
SCOPES = frozenset({"licenses:read"})


class _Owner(Vendor):
    """Who has nothing to sell."""

    def __post_init__(self) -> None:
        create_company(self.code, "A vendor", ADMIN, now=self.now)


@dataclass(frozen=True, slots=True, eq=False)
class KeyWorld:
    """A company, and one key."""

    name: str
    state: State
    vendor: Vendor
    key_id: int
    text: str
    """Of the key: whoever has it calls."""
    now: int = NOW
    """When it is called."""


@cache
def world(start: str) -> KeyWorld:
    """The world of that start. Always the same one, to the last id."""
    engine = new_engine({})
    with controlled(engine):
        vendor = _Owner(now=NOW - DAY)
        key, text = create_management_key(vendor.code, "CI", SCOPES, ADMIN, now=vendor.now)
        if start == "spent":
            take_call(key, now=NOW - 1)
    return KeyWorld(start, engine.state, vendor, key.id, text)


def view(world: KeyWorld) -> object:
    """What is stored of the company."""
    code = world.vendor.code
    company = accounts.read_company(code)
    return {
        "company": company and (company.name, company.accent, company.second_factor),
        "keys": sorted((key.name, key.revoked) for key in management_keys.read_all(code)),
        "events": sorted(Counter(event.type for event in histories.company_events(code)).items()),
        "left": None if company is not None else left_of(code, "accounts"),
    }


def _call(world: KeyWorld) -> str | None:
    """As each call of the Management API begins."""
    try:
        take_call(find_caller(world.text, now=world.now), now=world.now)
    except SeatkeeperError as refused:
        return refused.code
    return None


def _of_company(use_case: Callable[..., object], *given: object, **more: object) -> Callable[[KeyWorld], str | None]:
    def do(world: KeyWorld) -> str | None:
        try:
            use_case(world.vendor.code, *given, ADMIN, now=world.now, **more)
        except NotFound:
            return "gone"
        return None

    return do


def _revoke(world: KeyWorld) -> str | None:
    return _of_company(revoke_management_key, world.key_id)(world)


def _delete(world: KeyWorld) -> None:
    with suppress(NotFound):
        delete_company(world.vendor.code)


def _all() -> Iterator[SerialDeed]:
    yield SerialDeed("make", _of_company(create_management_key, "Another", SCOPES))
    yield SerialDeed("call", _call, counts=True)
    yield SerialDeed("revoke", _revoke)
    yield SerialDeed("require", _of_company(require_second_factor, "managers"))
    yield SerialDeed("rename", _of_company(set_branding, None, None, name="Renamed"))
    yield SerialDeed("delete-company", _delete, in_steps=True)


DEEDS: dict[str, SerialDeed] = {deed.name: deed for deed in _all()}
FROM: dict[str, tuple[str, ...]] = {"spent": ("call", "revoke")}
"""From each start what has to do with it, where that is not all."""
LEFT_OUT = frozenset({"delete-company+delete-company/keyed"})
"""That is walked from a company without a key (`tests/explore/shop.py`)."""
