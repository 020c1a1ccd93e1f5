"""What a manager sees first: which licenses need him, and how much of what was sold is used."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar, get_args

from chalicelib.domain.attention import Reason, reasons
from chalicelib.domain.catalog import Product
from chalicelib.domain.figures import FIGURES, Figure
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, license_title
from chalicelib.domain.paging import cut
from chalicelib.domain.permissions import Permission
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.standing import Standing
from chalicelib.store import batch_reads
from chalicelib.store.batch_reads import ReadRequest
from chalicelib.store.orders import read_managed_licenses
from chalicelib.threads import ThreadPool
from chalicelib.usecases.portal_queries.principal import Principal, authenticate, standing_of

T = TypeVar("T")

MAX_COUNTED, MAX_PRODUCTS = 80, 16
"""Licenses that are counted, the newest ones, and products that are named: one BatchGet, with who asks."""
READ_AT_ONCE = 8
"""Licenses of which something is read at the same time."""


@dataclass(frozen=True, slots=True)
class Need:
    """A license that needs its manager, and why: the gravest reason first."""

    license: License
    title: str
    standing: Standing
    reasons: list[Reason]
    denied: frozenset[Permission]
    """What its manager may not do with it."""


@dataclass(frozen=True, slots=True)
class Use:
    """How many of how many are used. `allowed` is None where some license allows any number."""

    used: int
    allowed: int | None


@dataclass(frozen=True, slots=True)
class Managed:
    """Some licenses of a manager, the newest first, and what their products are called."""

    principal: Principal
    licenses: list[License]
    products: dict[str, Product]
    behind: int | None
    """The license behind which older ones are; None where there are none."""
    denied: dict[int, frozenset[Permission]]
    """By the license: what the manager may not do with it."""

    def product(self, license: License) -> str:
        """The product of one of them, as people read it."""
        known = self.products.get(license.product)
        return license.product if known is None else known.name

    def title(self, license: License) -> str:
        """What people call one of them."""
        return license_title(self.product(license), license)

    def need(self, license: License, now: Instant) -> Need:
        """What one of them needs, if anything."""
        stands = standing_of(license, self.products.get(license.product), now)
        return Need(license, self.title(license), stands, reasons(license, stands, now), self.denied[license.id])


@dataclass(frozen=True, slots=True)
class OverviewView:
    """The licenses of a manager in figures. Those that have ended count only among what needs somebody."""

    principal: Principal
    needs: list[Need]
    """The gravest first; of equal ones, the one that ends first."""
    users: Use
    devices: Use
    by_product: dict[str, Use]
    """Active devices, by the code of the product; the one with most first."""
    products: dict[str, str]
    """What these products are called."""
    ending: int
    """Licenses that end within `figures.ENDING_MS`, or whose grace has begun."""
    never_used: int
    counted: int
    """Of how many licenses this is said."""
    is_all: bool


def manager_overview(claims: SessionClaims, *, now: Instant) -> OverviewView:
    """The licenses of a manager in figures, in two reads. Raises `session_expired`, `password_change_required`."""
    managed = read_newest(claims, now)
    licenses = managed.licenses

    def counted(figure: Figure) -> list[License]:
        return [license for license in licenses if FIGURES[figure](license, now)]

    running = counted("running")
    needs = [managed.need(license, now) for license in licenses]
    of_product: dict[str, list[License]] = {}
    for license in running:
        of_product.setdefault(license.product, []).append(license)
    by_product = {code: _devices(some) for code, some in of_product.items()}
    return OverviewView(
        managed.principal,
        sorted((need for need in needs if need.reasons), key=_gravest_first),
        _total((one.users_assigned, one.max_license_users) for one in counted("with_users")),
        _devices(running),
        dict(sorted(by_product.items(), key=lambda row: -row[1].used)),
        {code: managed.product(some[0]) for code, some in of_product.items()},
        len(counted("ending_90")),
        len(counted("never_used")),
        len(licenses),
        managed.behind is None,
    )


def read_newest(claims: SessionClaims, now: Instant, *, after: int | None = None) -> Managed:
    """The newest licenses that a user manages, behind the license `after`, as they are now. Two reads.

    Raises as `manager_overview`.
    """
    limit = MAX_COUNTED + 1
    newest = read_managed_licenses(claims.company, claims.user_id, after=after, backwards=True, limit=limit)
    sold, more = cut(newest, MAX_COUNTED)
    codes = list(dict.fromkeys(one.product for one in sold))[:MAX_PRODUCTS]
    found = batch_reads.batch_read(claims, ReadRequest(licenses=[s.license_id for s in sold], products=codes), now)
    there = [found.licenses[one.license_id] for one in sold if one.license_id in found.licenses]
    denied = {one.license_id: one.denied for one in sold}
    behind = sold[-1].license_id if more else None
    return Managed(authenticate(claims, found, now), there, found.products, behind, denied)


def read_of_each(licenses: Sequence[License], read: Callable[[License], T]) -> list[T]:
    """What `read` answers of each license, in their order, some at a time."""
    with ThreadPool(READ_AT_ONCE) as threads:
        return list(threads.map(read, licenses))


def _gravest_first(need: Need) -> tuple[int, Instant]:
    return get_args(Reason).index(need.reasons[0]), need.license.validity_period or 0


def _devices(licenses: Iterable[License]) -> Use:
    return _total((license.times_activated, license.max_activations) for license in licenses)


def _total(counts: Iterable[tuple[int, int | None]]) -> Use:
    used, allowed = 0, 0
    unlimited = False
    for count, limit in counts:
        used, allowed, unlimited = used + count, allowed + (limit or 0), unlimited or limit is None
    return Use(used, None if unlimited else allowed)
