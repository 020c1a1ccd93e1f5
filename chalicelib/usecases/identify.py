"""IDENT: which license, device and user a call means. All that is sent must agree, else `license_not_found`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chalicelib import telemetry
from chalicelib.domain import keys
from chalicelib.domain.catalogue import Product
from chalicelib.domain.email import known_email
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import is_expired, is_live
from chalicelib.domain.places import Place
from chalicelib.domain.refusal import Refused
from chalicelib.store import accounts, places
from chalicelib.usecases.bounded_guesses import count_guess
from chalicelib.usecases.catalogue import find_product
from chalicelib.usecases.remember import MINUTE_MS, Memory

_license_of_key: Memory[int] = Memory(100_000, None)  # changes only where a company is deleted and made anew
_user_of_email: Memory[int] = Memory(10_000, MINUTE_MS)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a client says of itself; absent parts are None."""

    product: str
    hardware_id: str
    license_key: str | None = None
    username: str | None = None
    license_id: int | None = None
    bundle_code: str | None = None
    address: str = ""
    """From where a user is named by whoever has the application's key; empty where nobody is counted."""

    @property
    def is_named(self) -> bool:
        """Whether the client shows a key or a user, and not just an id that it was told once."""
        return self.license_key is not None or self.username is not None

    @property
    def email(self) -> str | None:
        """The e-mail in `username`: what stands before the first `|`."""
        return None if self.username is None else self.username.split("|", 1)[0]


@dataclass(frozen=True, slots=True)
class Target:
    """The keys of the items that a call is about."""

    company: str
    product: Product
    license_id: int
    user_id: int | None


def find_place(company: str, ident: Identity, *, now: Instant, consistent: bool) -> Place:
    """The place that `ident` names, as it stands. Raises `Refused`.

    With `consistent`, nothing remembered and no replica takes part. Then it may be refused: of a user on a device that
    was never his that would tell whether there is such a user, and so it is counted first (`bounded_guesses`).
    """
    product = find_product(company, ident.product, now=now)
    guard_method(product, ident)
    if product.authorization_method == "user" and ident.username is None:
        return _place_of_device(company, product, ident, now, consistent)
    if not (consistent and ident.address and ident.username is not None):
        return _meant(_named(company, product, ident, now, consistent), now)
    try:
        found = _named(company, product, ident, now, consistent)
    except Refused:
        count_guess(company, ident.address, now=now)
        raise
    if all(place.device is None for place in found):
        count_guess(company, ident.address, now=now)
    return _meant(found, now)


def _named(company: str, product: Product, ident: Identity, now: Instant, consistent: bool) -> list[Place]:
    """The places that a key or a user may mean, at least one. Raises `Refused`."""
    named = targets(company, product, ident, now, consistent)
    if len(named) == 1:
        return [read_target(named[0], ident, now=now, consistent=consistent)]
    return read_targets(named, ident, consistent)


def targets(company: str, product: Product, ident: Identity, now: Instant, consistent: bool) -> list[Target]:
    """Every license that may be meant, newest first; at least one. Raises `Refused`."""
    if product.authorization_method == "license-key":
        return [Target(company, product, _license_id(company, ident, now), None)]
    user_id = _user_id(company, ident, now, consistent)
    if ident.license_id is not None:
        return [Target(company, product, ident.license_id, user_id)]
    license_ids = accounts.licenses_of_user(company, user_id, product.code)
    if not license_ids:
        raise Refused("license_not_found")
    return [Target(company, product, license_id, user_id) for license_id in license_ids]


def read_target(target: Target, ident: Identity, *, now: Instant, consistent: bool) -> Place:
    """As `read_targets`, of one. With `consistent`, that there is none does not rest on what is remembered of a key."""
    place = read_targets([target], ident, consistent)[0]
    if place.license is None and consistent and ident.license_key is not None:
        license_id = _license_id(target.company, ident, now, fresh=True)
        if license_id != target.license_id:
            return read_targets([replace(target, license_id=license_id)], ident, consistent)[0]
    return place


def read_targets(named: Sequence[Target], ident: Identity, consistent: bool) -> list[Place]:
    """Read targets and hold what was sent against them; what does not agree is as good as absent."""
    telemetry.note(license_id=named[0].license_id)
    wanted = [(target.license_id, target.user_id) for target in named]
    found = places.read_places(named[0].company, wanted, ident.hardware_id, consistent=consistent)
    return [place if _agrees(place, target, ident) else Place(None) for target, place in zip(named, found, strict=True)]


def guard_method(product: Product, ident: Identity) -> None:
    """Refuse a call that names its license in a way that the product does not know."""
    if ident.bundle_code is not None:
        raise Refused("license_not_found")
    by_key = product.authorization_method == "license-key"
    named, foreign = (ident.license_key, ident.username) if by_key else (ident.username, ident.license_key)
    if named is None and (foreign is not None or ident.license_id is None):
        if by_key:
            raise Refused("license_key_required")
        if foreign is None:
            raise Refused("missing_parameters", "username: this parameter is required.")
        raise Refused("license_not_found")
    if foreign is not None:
        raise Refused("license_not_found")


def _license_id(company: str, ident: Identity, now: Instant, *, fresh: bool = False) -> int:
    if ident.license_key is None:
        assert ident.license_id is not None  # guard_method has seen to it
        return ident.license_id
    found = None
    for key in keys.forms(ident.license_key):
        load = lambda key=key: accounts.license_of_key(company, key)  # noqa: E731 - short and local
        other = lambda id: ident.license_id not in (None, id)  # noqa: E731 - short and local
        found = _license_of_key.get((company, key), load, now, refuses=other, fresh=fresh)
        if found is not None:
            break
    if found is None or ident.license_id not in (None, found):
        raise Refused("license_not_found")
    return found


def _user_id(company: str, ident: Identity, now: Instant, consistent: bool) -> int:
    try:
        email = known_email(ident.email or "")
    except Refused:
        raise Refused("license_not_found") from None
    load = lambda: accounts.user_of_email(company, email)  # noqa: E731 - short and local
    user_id = _user_of_email.get((company, email), load, now, fresh=consistent)
    if user_id is None:
        raise Refused("license_not_found")
    return user_id


def _agrees(place: Place, target: Target, ident: Identity) -> bool:
    license = place.license
    if license is None or license.product != target.product.code:
        return False
    if license.authorization_method != target.product.authorization_method:
        return False
    if ident.username is not None and (place.user is None or place.user.email != known_email(ident.email or "")):
        return False  # the e-mail has gone to somebody else since it was remembered
    return ident.is_named or place.device is not None  # an id alone proves nothing: it is accepted from its devices


def _place_of_device(company: str, product: Product, ident: Identity, now: Instant, consistent: bool) -> Place:
    """A user-based license named by its id alone: the user is the one who is active on the device."""
    assert ident.license_id is not None  # guard_method has seen to it
    known = places.devices(company, ident.license_id, ident.hardware_id)
    users = [Target(company, product, ident.license_id, device.user_id) for device in known]
    if not users:
        raise Refused("license_not_found")
    return _meant(read_targets(users, ident, consistent), now)


def holds(place: Place) -> bool:
    """Whether the device is live on the license, as far as that was read."""
    return bool(place.license and place.device and is_live(place.device, place.license, place.seat))


def _meant(read: list[Place], now: Instant) -> Place:
    """Of all places that may be meant one that the device holds and may use, else one that it holds, else the first."""
    if len(read) == 1:
        return read[0]
    held = [place for place in read if holds(place)]
    usable = (p for p in held if p.license and p.license.enabled and not is_expired(p.license, now))
    place = next(usable, (held or read)[0])
    telemetry.note(license_id=None if place.license is None else place.license.id)
    return place
