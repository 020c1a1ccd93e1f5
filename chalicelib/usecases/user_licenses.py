"""The licenses of a product that a user may use."""

from dataclasses import replace

from chalicelib.domain.access import opens
from chalicelib.domain.activation import Snapshot
from chalicelib.domain.instants import Instant
from chalicelib.domain.origin import Origin, network_of
from chalicelib.store import accounts, activations
from chalicelib.usecases.catalog import find_product
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.meters import with_meter
from chalicelib.usecases.passwords import LoggedIn
from chalicelib.usecases.slots import with_slots_in_use

MAX_LICENSES = 500
"""Of those on which a user has a seat, of whatever product, the newest that are looked at."""


def user_licenses(
    company: str, product: str, email: str, password: str, ip: str = "", *, now: Instant
) -> list[Snapshot]:
    """Those that the password opens, newest first: a read besides the log-in, one for each 25 of them, and those of
    `with_slots_in_use` and `with_meter`.

    Raises `invalid_credentials`, `unknown_product`, …
    """
    found = find_product(company, product, now=now)
    user = log_in(company, email, password, Origin(network_of(ip)), now=now)
    logged_in = LoggedIn(user, password)
    ids = accounts.licenses_of_user(company, user.id, found.code, among=MAX_LICENSES)
    wanted = [(license_id, user.id) for license_id in ids]
    held = activations.read_snapshots(company, wanted, None, consistent=True, extras=True)
    still = {
        hash for hash in {snapshot.user.password_hash for snapshot in held if snapshot.user} if logged_in.is_still(hash)
    }
    return [
        with_meter(with_slots_in_use(replace(snapshot, product=found), now), now)
        for snapshot in held
        if snapshot.seat is not None and _is_opened(snapshot, still)
    ]


def _is_opened(snapshot: Snapshot, password_hashes: set[str]) -> bool:
    if snapshot.license is None or snapshot.user is None or snapshot.user.password_hash not in password_hashes:
        return False
    return opens(snapshot.user, snapshot.license)
