"""What is measured on: a vendor with licenses by key and by user, and the calls that his applications make."""

from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex

from chalicelib.domain.events import Actor
from chalicelib.domain.terms import Terms
from chalicelib.runtime import runtime
from chalicelib.store.database import create_tables
from chalicelib.usecases import create
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.issue_license import issue_license
from chalicelib.web import clock
from infra.bench.clients import Job

COMPANY, BY_KEY, BY_USER = "BENCH", "viewer", "modeller"
LICENSES = 64
"""That calls are spread over: only one row measures rivalry."""
USERS, USERS_OF_LICENSE = 64, 16

_ADMIN = Actor("bench")


@dataclass(frozen=True)
class Vendor:
    """A company with a key for its applications."""

    api_key: str
    shared_key: str
    public_key: str
    """In PEM, of the key that signs the answers."""
    license_keys: list[str]
    accounts: list[tuple[str, str]]
    """Email and password of license users."""


def prepare() -> Vendor:
    """Make tables, company, licenses and users, in an empty home."""
    create_tables()
    now = clock.now()
    create.create_company(COMPANY, "Bench", _ADMIN, now=now)
    create.create_product(COMPANY, BY_KEY, "Viewer", "license-key", _ADMIN, now=now)
    create.create_product(COMPANY, BY_USER, "Modeller", "user", _ADMIN, now=now)
    key, shared_key = create.create_api_key(COMPANY, frozenset(), False, _ADMIN, now=now)
    license_keys = [issue(None) for _ in range(LICENSES)]
    accounts = [account for first in range(0, USERS, USERS_OF_LICENSE) for account in _users(first)]
    return Vendor(key.api_key, shared_key, runtime().keyring.current.public_key, license_keys, accounts)


def issue(max_activations: int | None) -> str:
    """The key of a new license."""
    license, _ = issue_license(COMPANY, BY_KEY, Terms("perpetual", max_activations), None, _ADMIN, now=clock.now())
    assert license.license_key is not None
    return license.license_key


def _users(first: int) -> list[tuple[str, str]]:
    """Those of a new license."""
    license, _ = issue_license(COMPANY, BY_USER, Terms("perpetual", None), None, _ADMIN, now=clock.now())
    accounts = []
    for number in range(first, first + USERS_OF_LICENSE):
        email = f"user-{number}@bench.test"
        user = assign_user(COMPANY, license.id, email, None, _ADMIN, now=clock.now()).user
        accounts.append((email, initial_password(user) or ""))
    return accounts


# --- the calls ------------------------------------------------------------------------------------------------

Calls = Callable[[Vendor, int], tuple[list[Job], list[Job]]]
"""So many calls, and what has to be called before."""


def checks(vendor: Vendor, count: int) -> tuple[list[Job], list[Job]]:
    """Of devices that are active: a device of each license, over and over."""
    devices = [_device(key) for key in vendor.license_keys]
    calls: list[Job] = [("check_license", devices[number % len(devices)]) for number in range(count)]
    return calls, [("activate_license", device) for device in devices]


def fresh_checks(vendor: Vendor, count: int) -> tuple[list[Job], list[Job]]:
    """The same, each with a nonce of its own: no answer is signed before."""
    calls, before = checks(vendor, count)
    return [(name, fields | {"nonce": token_hex(8)}) for name, fields in calls], before


def activations(vendor: Vendor, count: int) -> tuple[list[Job], list[Job]]:
    """Of new devices, spread over all licenses."""
    keys = vendor.license_keys
    return [("activate_license", _device(keys[number % len(keys)])) for number in range(count)], []


def activations_on_one(vendor: Vendor, count: int) -> tuple[list[Job], list[Job]]:
    """Of new devices, all on one license."""
    return storm(vendor.license_keys[0], count), []


def activations_by_user(vendor: Vendor, count: int) -> tuple[list[Job], list[Job]]:
    """Of new devices, spread over all users."""
    calls: list[Job] = []
    for number in range(count):
        email, password = vendor.accounts[number % len(vendor.accounts)]
        named = {"product": BY_USER, "username": email, "password": password}
        calls.append(("activate_license", named | {"hardware_id": token_hex(16)}))
    return calls, []


def storm(license_key: str, count: int) -> list[Job]:
    """Activations of new devices, all on one license."""
    return [("activate_license", _device(license_key)) for _ in range(count)]


def _device(license_key: str) -> dict[str, str]:
    return {"product": BY_KEY, "license_key": license_key, "hardware_id": token_hex(16)}
