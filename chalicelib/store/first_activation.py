"""What the first activation of a license brings besides: its end, where a duration waits for it."""

from chalicelib.domain.activation import begun
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, ends_at
from chalicelib.store.due import update_due_index
from chalicelib.store.expressions import Action, Condition
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.transactions import Transaction


def never_activated(license: License) -> Condition:
    """That nobody was faster, and the end that follows still rests on these terms."""
    item = LicenseItem
    return item.first_activated_at.does_not_exist() & item.unchanged(license, item.valid_duration, item.grace_period)


def starting(license: License, now: Instant) -> list[Action]:
    """What starts a duration: the end, and by what the notices before it are given."""
    end, item = begun(license, now).validity_period, LicenseItem
    if end is None or end == license.validity_period:
        return []
    over = ends_at(end, license.grace_period)
    return [item.validity_period.set(end), item.ends_at.set(over), item.notified_until.set(now)]


def begin(write: Transaction, license: License, now: Instant) -> None:
    """File the license by the end that the duration makes, where there is one."""
    if starting(license, now):
        update_due_index(write, license, begun(license, now))
