"""People who log in to the portal: they have chosen a password, and a session is open."""

from dataclasses import dataclass

from chalicelib.domain.events import Actor
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.second_factor import STEP_MS, app_code
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.users import User
from chalicelib.store import accounts
from chalicelib.usecases.batch_assign import RowResult, batch_result
from chalicelib.usecases.change_password import change_password
from chalicelib.usecases.initial_password import initial_password, new_user
from chalicelib.usecases.second_factor import offer_secret, turn_on
from chalicelib.usecases.sessions import open_session
from tests.support import ADMIN, Vendor

PASSWORD = "chosen by himself"
MANAGER = "manager@customer.test"


def account(vendor: Vendor, email: str) -> User:
    """An account as it stands."""
    user_id = accounts.user_of_email(vendor.code, email)
    user = accounts.read_user(vendor.code, user_id or 0)
    assert user is not None
    return user


def chosen(vendor: Vendor, email: str) -> User:
    """The account, once its owner has chosen a password."""
    user = account(vendor, email)
    if user.is_initial_password:
        change_password(vendor.code, email, initial_password(user) or "", PASSWORD, ADMIN, now=vendor.now)
    return account(vendor, email)


def logged_in(vendor: Vendor, email: str) -> SessionClaims:
    """A session of a user who has chosen a password."""
    return open_session(chosen(vendor, email), now=vendor.now)


def issued(vendor: Vendor, product: str = "revit", manager: str = MANAGER, **terms: object) -> License:
    """A license of an order that somebody manages."""
    given = {"max_license_users": 5} if product == "revit" else {}
    return vendor.issue(product, manager, **(given | terms))


def reader(vendor: Vendor) -> User:
    """Somebody who reads, and of whom nothing else is stored."""
    return new_user(vendor.code, "reader@customer.test", frozenset(), now=vendor.now)


def result_of(vendor: Vendor, license: License, batch_id: int) -> list[RowResult]:
    """What came of a batch."""
    return batch_result(vendor.code, license.id, batch_id, reader(vendor), ADMIN, now=vendor.now)


def wrong_code(secret: str, at: Instant) -> str:
    """Six digits that an app with this secret shows in none of the steps about an instant."""
    shown = {app_code(secret, at // STEP_MS + drift) for drift in range(-2, 5)}
    return next(code for code in (f"{number:06d}" for number in range(8)) if code not in shown)


@dataclass(frozen=True, slots=True)
class Protected:
    """Somebody with a second factor: what the app knows, and the recovery codes."""

    user: User
    secret: str
    recovery_codes: tuple[str, ...]

    def shows(self, at: Instant) -> str:
        """The code of the app."""
        return app_code(self.secret, at // STEP_MS)


def protected(vendor: Vendor, email: str, *, at: Instant | None = None) -> Protected:
    """Turn a second factor on, in the step before the vendor's clock: the code of now is unused."""
    user, now = chosen(vendor, email), (at or vendor.now) - STEP_MS
    offer = offer_secret(user)
    code = app_code(offer.secret, now // STEP_MS)
    given = (vendor.code, user.id, offer.sealed, code, PASSWORD, Actor(f"user:{email}"))
    changed, codes = turn_on(*given, epoch=user.session_epoch, now=now)
    return Protected(changed, offer.secret, codes)
