"""Why was it refused, and would it be refused now? For those who help customers: they see what the rules see.

Reads alone: nothing is counted, and no password is tried.
"""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.domain.access import guard_opens
from chalicelib.domain.activation import Snapshot, decide_activation, guard_live_device
from chalicelib.domain.catalog import Product, guard_product
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import Invalid, NotFound, Rejected, SeatkeeperError, Unauthenticated
from chalicelib.domain.instants import Instant
from chalicelib.domain.keys import forms
from chalicelib.domain.license import DeviceReport
from chalicelib.domain.origin import Failures, guard_strangers
from chalicelib.domain.refusals import Refusal
from chalicelib.domain.users import User
from chalicelib.runtime import runtime
from chalicelib.store import accounts, activations, license_lists, licenses, login_attempts, refusals
from chalicelib.store.login_attempts import Account
from chalicelib.store.products import read_product
from chalicelib.usecases.slots import guard_slot, with_slots_in_use

MOST_LICENSES = 20
"""That are looked at, the newest, where a user or a device has several."""
_NEW_DEVICE = "(new-device)"
"""The hardware id of nobody: what is asked of where no device is named."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What support asks about; None: nothing is said of it."""

    license_id: int | None = None
    hardware_id: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a license stands to a device and a user now."""

    snapshot: Snapshot
    product: Product | None
    user: User | None
    """Whose email was named; None: nobody's, or no email was."""
    log_in: SeatkeeperError | None
    """Why the user could not log in, whatever the password; None: nothing holds him back, or no user is named."""
    activation: SeatkeeperError | None
    """Why the device would not be activated now; None: it would be."""
    check: SeatkeeperError | None
    """Why a check by the device would be refused now; None: it would be answered."""


def find_license_id(company: str, license_key: str, *, answered_at: Instant | None = None) -> int | None:
    """The license with this key, in any form that a client may send it; None where there is none.

    `answered_at`: None, too, where it was replaced, and is not answered any more at that instant.
    """
    find = accounts.find_license_id_by_key
    found = (find(company, form, answered_at=answered_at) for form in forms(license_key))
    return next((license_id for license_id in found if license_id is not None), None)


def find_refusal(company: str, request_id: str, *, now: Instant) -> Refusal | None:
    """The record of refused calls of which the first or the last had this request id. Reads all of the company's."""
    return next((one for one in refusals.all_refusals(company, now) if request_id in one.request_ids), None)


def explain(company: str, subject: Subject, *, now: Instant) -> list[Explanation]:
    """How each license that is meant stands now: the one that is named, else the newest of the user, or the device.

    Raises `NotFound`: `license_not_found`, where one is named that is none of the company's.
    """
    user = None if subject.email is None else _user(company, subject.email)
    if subject.license_id is None:
        return [_explain(company, license_id, subject, user, now) for license_id in _licenses(company, subject, user)]
    if licenses.read_license(company, subject.license_id) is None:
        raise NotFound("license_not_found")
    return [_explain(company, subject.license_id, subject, user, now)]


def recorded_refusals(company: str, subject: Subject, *, now: Instant) -> list[Refusal]:
    """The refusals that are on record of a license, and those of no license: of the device or the user, where named.

    Where no license is named, of any: reads all of the company's. The newest first.
    """
    names = {subject.hardware_id, subject.email} - {None}

    def is_meant(refusal: Refusal) -> bool:
        return bool(names & {refusal.hardware_id, refusal.email})

    if subject.license_id is None:
        found = [one for one in refusals.all_refusals(company, now) if is_meant(one)]
    else:
        of_license = refusals.refusals_of(company, subject.license_id, now)
        of_none = refusals.refusals_of(company, None, now)
        found = [one for one in of_license if not names or is_meant(one)] + [one for one in of_none if is_meant(one)]
    return sorted(found, key=lambda one: -one.newest_at)


def _user(company: str, email: str) -> User | None:
    """The account of an email, as calls look it up; None: there is none, or it is no email."""
    try:
        user_id = accounts.user_of_email(company, known_email(email))
    except Invalid:
        return None
    return None if user_id is None else accounts.read_user(company, user_id)


def _licenses(company: str, subject: Subject, user: User | None) -> list[int]:
    if subject.email is not None:
        return [] if user is None else accounts.held_license_ids(company, user.id, limit=MOST_LICENSES)
    if subject.hardware_id is None:
        return []
    seen_by = license_lists.seen_by_hardware(company, subject.hardware_id, MOST_LICENSES)
    return list(dict.fromkeys(license_id for license_id, _ in seen_by))


def _explain(company: str, license_id: int, subject: Subject, user: User | None, now: Instant) -> Explanation:
    hardware_id = subject.hardware_id or _NEW_DEVICE
    user_id = None if user is None else user.id
    if subject.email is None:  # whoever has used the device here
        user_id = next((one.user_id for one in activations.devices(company, license_id, hardware_id)), None)
    (snapshot,) = activations.read_snapshots(company, [(license_id, user_id)], hardware_id, consistent=True)
    snapshot = with_slots_in_use(snapshot, now, fresh=True)
    product = None if snapshot.license is None else read_product(company, snapshot.license.product)
    log_in = None if subject.email is None else _denial(lambda: _guard_log_in(company, user, now))
    report = DeviceReport(hardware_id, is_vm=None if snapshot.device is None else snapshot.device.is_vm)

    def check() -> None:
        if guard_product(product).authorization_method == "license-key" and subject.email is not None:
            raise NotFound("license_not_found")  # as of every call that names a user there
        guard_slot(*guard_live_device(snapshot, hardware_id), now)

    is_by_user = product is not None and product.authorization_method == "user"
    if is_by_user and subject.email is None and user_id is None:
        unnamed = Invalid("missing_parameters", field="username")
        return Explanation(snapshot, product, None, None, unnamed, unnamed)
    activation = log_in or _denial(lambda: _guard_activation(snapshot, product, report, now))
    return Explanation(snapshot, product, user, log_in, activation, _denial(check))


def _guard_activation(snapshot: Snapshot, product: Product | None, report: DeviceReport, now: Instant) -> None:
    """The rules of `activate`, with the right password. Raises `SeatkeeperError`."""
    allowed = guard_product(product)
    if snapshot.license is not None and snapshot.user is not None and snapshot.seat is not None:
        guard_opens(snapshot.user, snapshot.license)
    least = runtime().settings.license_changes_per_hour
    decide_activation(snapshot, report, prevent_vm=allowed.prevent_vm, least_changes=least, now=now)


def _guard_log_in(company: str, user: User | None, now: Instant) -> None:
    """What holds back whoever has the password, from an address that is new. Raises `SeatkeeperError`."""
    if user is None or user.closed_at is not None:
        raise Unauthenticated("invalid_credentials")
    seen = login_attempts.read_attempts(Account(company, user.email), "", now, consistent=True)
    guard_strangers(seen.account, Failures(), Failures(), now, is_first=True)


def _denial(guard: Callable[[], None]) -> SeatkeeperError | None:
    """What a guard raises; None where it lets pass. Raises `Unavailable`."""
    try:
        guard()
    except Rejected as error:
        return error
    return None
