"""The licenses of a product that a user may use."""

from chalicelib.domain.access import opens
from chalicelib.domain.instants import Instant
from chalicelib.domain.origin import Origin, network_of
from chalicelib.domain.places import Place
from chalicelib.store import accounts, places
from chalicelib.usecases.catalogue import find_product
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.passwords import LoggedIn


def user_licenses(company: str, product: str, email: str, password: str, ip: str = "", *, now: Instant) -> list[Place]:
    """Those that the password opens, newest first. Raises `Refused`: `invalid_credentials`, `unknown_product`, …"""
    found = find_product(company, product, now=now)
    user = log_in(company, email, password, Origin(network_of(ip)), now=now)
    logged_in = LoggedIn(user, password)
    ids = accounts.licenses_of_user(company, user.id, found.code)
    held = places.read_places(company, [(license_id, user.id) for license_id in ids], None, consistent=True)
    still = {hash for hash in {place.user.password_hash for place in held if place.user} if logged_in.is_still(hash)}
    return [place for place in held if place.seat is not None and _is_opened(place, still)]


def _is_opened(place: Place, password_hashes: set[str]) -> bool:
    if place.license is None or place.user is None or place.user.password_hash not in password_hashes:
        return False
    return opens(place.user, place.license)
