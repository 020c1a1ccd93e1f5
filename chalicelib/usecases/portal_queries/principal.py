"""Who asks for a page, and the license that it is about. Nothing is shown before."""

from contextlib import suppress
from dataclasses import dataclass

from chalicelib import languages, observability
from chalicelib.domain.access import opens
from chalicelib.domain.catalog import Company, Product
from chalicelib.domain.errors import Forbidden, NotFound, Unauthenticated
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, LicenseState, license_title
from chalicelib.domain.permissions import Permission
from chalicelib.domain.second_factor import is_missing
from chalicelib.domain.session import TOUCH_MS, SessionClaims, is_open
from chalicelib.domain.standing import Standing, standing
from chalicelib.domain.types import Json
from chalicelib.domain.users import User
from chalicelib.store import batch_reads, sessions
from chalicelib.store.batch_reads import BatchRead, ReadRequest
from chalicelib.store.database import ConditionFailed
from chalicelib.usecases.branding import shown
from chalicelib.usecases.catalog import known_product
from chalicelib.usecases.readers import reader_of


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, proved."""

    claims: SessionClaims
    user: User
    company: Company
    outcome: Json | None
    """What came of the form that led here, if one did."""

    @property
    def is_held(self) -> bool:
        """Whether nothing else opens until a password is chosen, or a second factor set up."""
        return self.user.is_initial_password or is_missing(self.user, self.company)


@dataclass(frozen=True, slots=True)
class LicenseView:
    """One license, with what all its pages show."""

    principal: Principal
    license: License
    product: str
    """The product's name, as people read it."""
    prevent_vm: bool
    """Whether its product refuses virtual machines."""
    standing: Standing
    denied: frozenset[Permission] | None
    """What the user may not do with it as its manager; None: he is not asked for as one."""

    def allows(self, *permissions: Permission) -> bool:
        """Whether the user may do all this with the license, as its manager."""
        return self.denied is not None and self.denied.isdisjoint(permissions)

    @property
    def title(self) -> str:
        """What people call the license: its product, and the name that its managers gave it."""
        return license_title(self.product, self.license)


def authenticate_session(
    claims: SessionClaims, *, allow_initial_password: bool = False, allow_one_factor: bool = False, now: Instant
) -> Principal:
    """Who asks, for pages that show nothing else.

    Raises `session_expired`, and `password_change_required` unless `allow_initial_password`; `second_factor_required`
    unless `allow_one_factor`.
    """
    allowed = {"allow_initial_password": allow_initial_password, "allow_one_factor": allow_one_factor}
    return authenticate(claims, batch_reads.batch_read(claims, ReadRequest(), now), now, **allowed)


def who_is_told(claims: SessionClaims, *, now: Instant) -> tuple[Principal | None, Company | None]:
    """Who asks, for a page that says what is wrong, and the company: of a session that has ended that alone.

    One read. Raises nothing but what is unavailable.
    """
    found = batch_reads.batch_read(claims, ReadRequest(), now)
    principal = None
    with suppress(Unauthenticated):
        principal = authenticate(claims, found, now, allow_initial_password=True, allow_one_factor=True)
    return principal, found.company


def authenticate(
    claims: SessionClaims,
    found: BatchRead,
    now: Instant,
    *,
    allow_initial_password: bool = False,
    allow_one_factor: bool = False,
) -> Principal:
    """Who asks, by what was read of the session. Raises as `authenticate_session`."""
    session, user, company = found.session, found.user, found.company
    if session is None or user is None or company is None or not is_open(session, user, now):
        raise Unauthenticated("session_expired")
    shown(company)
    observability.add_fields(company=user.company, user_id=user.id)
    languages.go_on_for(reader_of(user, company, languages.reader().language))
    if user.is_initial_password:
        if not allow_initial_password:
            raise Forbidden("password_change_required")
    elif is_missing(user, company) and not allow_one_factor:
        raise Forbidden("second_factor_required")
    if now - session.seen_at >= TOUCH_MS:
        with suppress(ConditionFailed):  # ended in this very moment
            sessions.touch_session(claims.token, now)
    return Principal(claims, user, company, found.outcome)


def guard_manager(claims: SessionClaims, found: BatchRead, license_id: int, now: Instant) -> LicenseView:
    """A license that the user manages; any other does not exist.

    Raises `session_expired`, `password_change_required`, `license_not_found`.
    """
    principal, license = authenticate(claims, found, now), found.licenses.get(license_id)
    sold = found.managed.get(license_id)
    if sold is None or license is None:
        raise NotFound("license_not_found")
    observability.add_fields(license_id=license.id)
    return _license_view(principal, license, sold.denied, now)


def guard_seat(claims: SessionClaims, found: BatchRead, license_id: int, now: Instant) -> LicenseView:
    """A license on which the user has a seat, and that his password opens; any other does not exist.

    Raises as `guard_manager`.
    """
    principal, license = authenticate(claims, found, now), found.licenses.get(license_id)
    if (license_id, claims.user_id) not in found.seats or license is None or not opens(principal.user, license):
        raise NotFound("license_not_found")
    observability.add_fields(license_id=license.id)
    return _license_view(principal, license, None, now)


def one_license(claims: SessionClaims, license_id: int, *, now: Instant) -> LicenseView:
    """A license that the user manages, for the pages that ask what to do with it. Raises as `guard_manager`."""
    found = batch_reads.batch_read(claims, ReadRequest(managed=[license_id], licenses=[license_id]), now)
    return guard_manager(claims, found, license_id, now)


def user_license(claims: SessionClaims, license_id: int, *, now: Instant) -> LicenseView:
    """The same, of a license that has users; one that is authorized by its key has no such pages."""
    view = one_license(claims, license_id, now=now)
    if view.license.authorization_method != "user":
        raise NotFound("user_not_found", of="license")
    return view


def standing_of(license: License | LicenseState, product: Product | None, now: Instant) -> Standing:
    """How a license of this product stands; one whose product cannot be read stands by itself."""
    return standing(license, now, sold=product is None or product.state == "active")


def fields(base: LicenseView) -> tuple[Principal, License, str, bool, Standing, frozenset[Permission] | None]:
    """The fields of a view, for one that has more."""
    return base.principal, base.license, base.product, base.prevent_vm, base.standing, base.denied


def _license_view(
    principal: Principal, license: License, denied: frozenset[Permission] | None, now: Instant
) -> LicenseView:
    product = known_product(license.company, license.product, now=now)
    name, prevent_vm = (license.product, False) if product is None else (product.name, product.prevent_vm)
    return LicenseView(principal, license, name, prevent_vm, standing_of(license, product, now), denied)
