"""IDENT: which license, device and user a call means. All that is sent must agree, else `license_not_found`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chalicelib import observability
from chalicelib.domain import keys
from chalicelib.domain.activation import Snapshot
from chalicelib.domain.catalog import Product
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import is_expired, is_live
from chalicelib.domain.users import User
from chalicelib.runtime import runtime
from chalicelib.store import accounts, activations, license_lists
from chalicelib.usecases.bounded_guesses import count_guess
from chalicelib.usecases.catalog import find_product

_MAX_SEEN = 100
"""Seats on which a device was active, the newest that are looked at."""


@dataclass(frozen=True, slots=True)
class LicenseLookup:
    """How a request names its license, and the device that asks; absent parts are None."""

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
        """Whether the client shows a key or a user, and not just an id that it got once."""
        return self.license_key is not None or self.username is not None

    @property
    def email(self) -> str | None:
        """The email in `username`: what stands before the first `|`."""
        return None if self.username is None else self.username.split("|", 1)[0]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A license that a request may mean, and the user there."""

    company: str
    product: Product
    license_id: int
    user_id: int | None


def find_snapshot(company: str, lookup: LicenseLookup, *, now: Instant, consistent: bool) -> Snapshot:
    """The snapshot of what `lookup` names. Raises `SeatkeeperError`.

    With `consistent`, nothing remembered and no replica takes part. Then it may be refused: of a user on a device that
    was never this user's that would tell whether there is such a user, and so it is counted first (`bounded_guesses`).
    """
    product = find_product(company, lookup.product, now=now)
    guard_license_lookup(product, lookup)
    if product.authorization_method == "user" and lookup.username is None:
        return _device_snapshot(company, product, lookup, now, consistent)
    if consistent and lookup.address and lookup.username is not None and not _was_theirs(company, lookup, now):
        count_guess(company, lookup.address, now=now)
    return _meant(_named(company, product, lookup, now, consistent), now)


def _was_theirs(company: str, lookup: LicenseLookup, now: Instant) -> bool:
    """Whether the device was ever active for the user who is named, also where the seat was taken away since.

    That is asked of known and unknown users alike, for the same work.
    """
    seen_by = license_lists.seen_by_hardware(company, lookup.hardware_id, _MAX_SEEN)
    try:
        user_id = _user_id(company, lookup, now, consistent=True)
    except NotFound:
        return False
    return any(user == user_id for _, user in seen_by)


def _named(company: str, product: Product, lookup: LicenseLookup, now: Instant, consistent: bool) -> list[Snapshot]:
    """The snapshots of what a key or a user may mean, at least one. Raises `SeatkeeperError`."""
    named = find_candidates(company, product, lookup, now, consistent)
    if len(named) == 1:
        return [read_candidate(named[0], lookup, now=now, consistent=consistent)]
    return read_candidates(named, lookup, consistent)


def find_candidates(
    company: str,
    product: Product,
    lookup: LicenseLookup,
    now: Instant,
    consistent: bool,
    *,
    logged_in: User | None = None,
) -> list[Candidate]:
    """Every license that may be meant, newest first; at least one. Raises `SeatkeeperError`.

    `logged_in`: who was found under the email just now. That it is still his is seen where a candidate is read.
    """
    if product.authorization_method == "license-key":
        return [Candidate(company, product, _license_id(company, lookup, now), None)]
    user_id = _user_id(company, lookup, now, consistent, logged_in)
    if lookup.license_id is not None:
        return [Candidate(company, product, lookup.license_id, user_id)]
    license_ids = accounts.licenses_of_user(company, user_id, product.code)
    if not license_ids:
        raise NotFound("license_not_found")
    return [Candidate(company, product, license_id, user_id) for license_id in license_ids]


def read_candidate(candidate: Candidate, lookup: LicenseLookup, *, now: Instant, consistent: bool) -> Snapshot:
    """As `read_candidates`, of one.

    With `consistent`, that there is none does not rest on what is remembered of a key.
    """
    snapshot = read_candidates([candidate], lookup, consistent)[0]
    if snapshot.license is None and consistent and lookup.license_key is not None:
        license_id = _license_id(candidate.company, lookup, now, fresh=True)
        if license_id != candidate.license_id:
            return read_candidates([replace(candidate, license_id=license_id)], lookup, consistent)[0]
    return snapshot


def read_candidates(named: Sequence[Candidate], lookup: LicenseLookup, consistent: bool) -> list[Snapshot]:
    """Read candidates and hold what was sent against them; what does not agree is as good as absent."""
    observability.add_fields(license_id=named[0].license_id)
    wanted = [(candidate.license_id, candidate.user_id) for candidate in named]
    found = activations.read_snapshots(named[0].company, wanted, lookup.hardware_id, consistent=consistent, extras=True)
    return [
        _as_asked(snapshot, candidate, lookup) if _agrees(snapshot, candidate, lookup) else Snapshot(None)
        for candidate, snapshot in zip(named, found, strict=True)
    ]


def _as_asked(snapshot: Snapshot, candidate: Candidate, lookup: LicenseLookup) -> Snapshot:
    """With the key that was sent, where it was replaced: whoever has the old one is not told the new one."""
    license = snapshot.license
    forms = [] if lookup.license_key is None else keys.forms(lookup.license_key)
    if license is not None and forms and license.license_key not in forms:
        license = replace(license, license_key=forms[0])
    return replace(snapshot, product=candidate.product, license=license)


def guard_license_lookup(product: Product, lookup: LicenseLookup) -> None:
    """Refuse a call that names its license in a way that the product does not know."""
    if lookup.bundle_code is not None:
        raise NotFound("license_not_found")
    by_key = product.authorization_method == "license-key"
    named, foreign = (lookup.license_key, lookup.username) if by_key else (lookup.username, lookup.license_key)
    if named is None and (foreign is not None or lookup.license_id is None):
        if by_key:
            raise Invalid("license_key_required")
        if foreign is None:
            raise Invalid("missing_parameters", field="username")
        raise NotFound("license_not_found")
    if foreign is not None:
        raise NotFound("license_not_found")


def _license_id(company: str, lookup: LicenseLookup, now: Instant, *, fresh: bool = False) -> int:
    if lookup.license_key is None:
        assert lookup.license_id is not None  # guard_license_lookup has seen to it
        return lookup.license_id
    found, license_ids = None, runtime().caches.license_ids
    for key in keys.forms(lookup.license_key):
        load = lambda key=key: accounts.find_license_id_by_key(company, key, answered_at=now)  # noqa: E731 - short
        other = lambda id: lookup.license_id not in (None, id)  # noqa: E731 - short and local
        found = license_ids.get((company, key), load, now, refuses=other, fresh=fresh)
        if found is not None:
            break
    if found is None or lookup.license_id not in (None, found):
        raise NotFound("license_not_found")
    return found


def _user_id(company: str, lookup: LicenseLookup, now: Instant, consistent: bool, logged_in: User | None = None) -> int:
    try:
        email = known_email(lookup.email or "")
    except Invalid:
        raise NotFound("license_not_found") from None
    load = lambda: accounts.user_of_email(company, email) if logged_in is None else logged_in.id  # noqa: E731 - short
    user_id = runtime().caches.user_ids.get((company, email), load, now, fresh=consistent)
    if user_id is None:
        raise NotFound("license_not_found")
    return user_id


def _agrees(snapshot: Snapshot, candidate: Candidate, lookup: LicenseLookup) -> bool:
    license = snapshot.license
    if license is None or license.product != candidate.product.code:
        return False
    if license.authorization_method != candidate.product.authorization_method:
        return False
    if lookup.username is not None and (
        snapshot.user is None or snapshot.user.email != known_email(lookup.email or "")
    ):
        return False  # the email has gone to somebody else since it was remembered
    return lookup.is_named or snapshot.device is not None  # an id alone proves nothing: it is accepted from its devices


def _device_snapshot(company: str, product: Product, lookup: LicenseLookup, now: Instant, consistent: bool) -> Snapshot:
    """A user-based license named by its id alone: the user is the one who is active on the device."""
    assert lookup.license_id is not None  # guard_license_lookup has seen to it
    known = activations.devices(company, lookup.license_id, lookup.hardware_id)
    users = [Candidate(company, product, lookup.license_id, device.user_id) for device in known]
    if not users:
        raise NotFound("license_not_found")
    return _meant(read_candidates(users, lookup, consistent), now)


def holds(snapshot: Snapshot) -> bool:
    """Whether the device is live on the license, as far as that was read."""
    return bool(snapshot.license and snapshot.device and is_live(snapshot.device, snapshot.license, snapshot.seat))


def _meant(read: list[Snapshot], now: Instant) -> Snapshot:
    """Of what may be meant: one on which the device is live and usable, else live, else the first."""
    if len(read) == 1:
        return read[0]
    held = [snapshot for snapshot in read if holds(snapshot)]
    usable = (s for s in held if s.license and s.license.enabled and not is_expired(s.license, now))
    snapshot = next(usable, (held or read)[0])
    observability.add_fields(license_id=None if snapshot.license is None else snapshot.license.id)
    return snapshot
