"""What is walked: each kind of world with its starts, what is done there, and who judges it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Protocol

from tests.explore import (
    accounts,
    adoptions,
    batches,
    customers,
    definitions,
    devices,
    edits,
    factors,
    hosts,
    imports,
    listed,
    management,
    managing,
    meters,
    moves,
    orders,
    passkeys,
    shop,
    slots,
    updates,
    webhooks,
)
from tests.explore.account_deeds import ACCOUNT_DEEDS, FROM
from tests.explore.account_judge import AccountJudge
from tests.explore.deeds import of_kind
from tests.explore.engine import State
from tests.explore.factor_judge import FactorJudge
from tests.explore.judge import Judge
from tests.explore.schedule import Schedule
from tests.explore.serial import SerialJudge
from tests.explore.webhook_judge import WebhookJudge
from tests.explore.worlds import CLOCKS, KINDS, STARTS, Kind, world
from tests.proof.rules import Violation


class AnyOutcome(Protocol):
    """What came of a deed."""

    @property
    def answer(self) -> str:
        """`ok`, the code of the refusal, or why there is none."""


class AnyWorld(Protocol):
    """A state that schedules start from; a dataclass, with the instant at which it is called. Each is but itself."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def __hash__(self) -> int: ...
    @property
    def state(self) -> State: ...
    @property
    def now(self) -> int: ...


class AnyDeed(Protocol):
    """One call, as it is named in schedules."""

    @property
    def name(self) -> str: ...
    def outcome(self, world: Any) -> AnyOutcome:
        """Do it in a world of its kind. Raises nothing."""


class AnyJudge(Protocol):
    """Judges the schedules of one walk."""

    def violations(self, schedule: Schedule) -> tuple[Violation, ...]:
        """Every rule that was broken."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A kind of world."""

    title: str
    starts: tuple[str, ...]
    deeds: Mapping[str, AnyDeed]
    """By their names."""
    world: Callable[[str], AnyWorld]
    """That of a start: always the same one."""
    judge: Callable[[Any, Sequence[Any]], AnyJudge]
    """Of a world and what is done there at once."""
    few: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The deeds that are walked from a start, where these are not all."""
    left_out: Collection[str] = ()
    """Pairs that are not walked on every change, as in `first+second/start`."""
    clocks: Mapping[str, int] = field(default_factory=dict)
    """By the start how far each clock is ahead of the one before, in ms; else by a moment."""

    def from_start(self, start: str) -> list[AnyDeed]:
        """Those that are walked from there."""
        return [self.deeds[name] for name in self.few.get(start, self.deeds)]


def _of_license(kind: Kind, title: str) -> Scene:
    deeds = {deed.name: deed for deed in of_kind(kind)}
    return Scene(title, STARTS[kind], deeds, partial(world, kind), Judge, clocks=CLOCKS)


def _serial(
    title: str,
    starts: tuple[str, ...],
    deeds: Mapping[str, AnyDeed],
    world: Callable[[str], AnyWorld],
    view: Callable[[Any], object],
    few: Mapping[str, Sequence[str]] | None = None,
    left_out: Collection[str] = (),
) -> Scene:
    """Judged by whether the same could have come of one call after the other, as `view` shows a world."""
    return Scene(title, starts, deeds, world, partial(SerialJudge, view=view), few or {}, left_out)


_TITLES: dict[Kind, str] = {"key": "A license with a key", "users": "A license with users"}
SCENES: dict[str, Scene] = {kind: _of_license(kind, _TITLES[kind]) for kind in KINDS}
SCENES["batch"] = Scene("A list of people", tuple(batches.SEATS), batches.DEEDS, batches.world, batches.BatchJudge)
SCENES["account"] = Scene("An account", accounts.STARTS, ACCOUNT_DEEDS, accounts.account_world, AccountJudge, FROM)
SCENES["shop"] = _serial("What is sold", shop.STARTS, shop.DEEDS, shop.world, shop.view, shop.FEW, shop.LEFT_OUT)
SCENES["device"] = _serial(
    "What is known of devices",
    devices.STARTS,
    devices.DEEDS,
    devices.world,
    devices.view,
    devices.FROM,
    devices.LEFT_OUT,
)
SCENES["edit"] = _serial("What a license was sold with", edits.STARTS, edits.DEEDS, edits.world, edits.view)
SCENES["webhook"] = Scene(
    "What leaves the house", webhooks.STARTS, webhooks.DEEDS, webhooks.world, WebhookJudge, webhooks.FROM
)
SCENES["factor"] = Scene("A second factor", factors.STARTS, factors.DEEDS, factors.world, FactorJudge, factors.FROM)
SCENES["session"] = Scene(
    "Sessions",
    tuple(listed.STARTS),
    listed.DEEDS,
    listed.world,
    partial(SerialJudge, view=listed.view, never=listed.never),
    listed.FROM,
)
SCENES["management"] = _serial(
    "The Management API",
    management.STARTS,
    management.DEEDS,
    management.world,
    management.view,
    management.FROM,
    management.LEFT_OUT,
)
SCENES["passkey"] = Scene("Passkeys", passkeys.STARTS, passkeys.DEEDS, passkeys.world, FactorJudge, passkeys.FROM)
SCENES["customer"] = _serial(
    "Customers", customers.STARTS, customers.DEEDS, customers.world, customers.view, customers.FROM, customers.LEFT_OUT
)
SCENES["order"] = _serial(
    "Orders of the Management API", orders.STARTS, orders.DEEDS, orders.world, orders.view, orders.FROM, orders.LEFT_OUT
)
SCENES["managing"] = _serial(
    "Seats of who manages the order",
    managing.STARTS,
    managing.DEEDS,
    managing.world,
    managing.view,
    left_out=managing.LEFT_OUT,
)
SCENES["definition"] = _serial(
    "What products define", definitions.STARTS, definitions.DEEDS, definitions.world, definitions.view
)
SCENES["legacy"] = Scene(
    "Devices of another system", adoptions.KEY_STARTS, adoptions.KEY_DEEDS, adoptions.world, Judge, adoptions.FEW
)
SCENES["legacy_users"] = Scene(
    "Devices of another system, of users", adoptions.USER_STARTS, adoptions.USER_DEEDS, adoptions.world, Judge
)
SCENES["import"] = _serial(
    "Licenses of another system", imports.STARTS, imports.DEEDS, imports.world, imports.view, imports.FROM
)
SCENES["move"] = _serial(
    "Licenses that move to another order", moves.STARTS, moves.DEEDS, moves.world, moves.view, left_out=moves.LEFT_OUT
)
SCENES["host"] = Scene("Devices with host names", hosts.STARTS, hosts.DEEDS, hosts.world, Judge)
SCENES["update"] = _serial(
    "Changes of terms that are scheduled", updates.STARTS, updates.DEEDS, updates.world, updates.view
)
SCENES["slot"] = Scene(
    "Slots of a floating license",
    slots.KEY_STARTS,
    slots.KEY_DEEDS,
    partial(slots.world, "key"),
    slots.SlotJudge,
    clocks=CLOCKS,
)
SCENES["slot_users"] = Scene(
    "Slots of a floating license with users",
    slots.USER_STARTS,
    slots.USER_DEEDS,
    partial(slots.world, "users"),
    slots.SlotJudge,
)
SCENES["meter"] = Scene(
    "Uses of a license by consumption",
    meters.STARTS,
    meters.DEEDS,
    meters.world,
    meters.MeterJudge,
    clocks=CLOCKS,
)
