"""How fast devices may be activated on one license: a bucket of changes that refills within the hour.

A new activation takes a change out of the bucket. A repeat takes none, and a deactivation is always possible. The
bucket is kept as one instant, that at which it is full again: one condition on one attribute decides.

Each user of a license has a smaller bucket beside it, and an activation takes a change out of both: so one user cannot
use up the license's and keep the others from their first activation.

Seats that a customer gives are taken out of a bucket of their own: each makes an account and a mail to somebody.
So are the slots that a device takes (`domain.slots`), and the calls of each key of the Management API, out of one that
refills within a minute (`usecases.call_rate`).
"""

from dataclasses import dataclass, replace

from chalicelib.domain.instants import Instant

HOUR_MS = 3_600_000
LEAST_CHANGES = 100
"""Of any license: what the operator may set otherwise."""
UNLIMITED_CHANGES = 10_000
"""At least, where the number of devices is not limited."""
USERS_TO_EMPTY_IT = 5
"""So many users at least are needed to use up a license's bucket, unless one may have most of its devices."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Of one license, or of one user there: this many changes at once, and as many within each hour."""

    changes: int
    within_ms: int = HOUR_MS
    """The time in which an empty bucket is full again."""

    @property
    def interval(self) -> int:
        """Milliseconds in which one change comes back."""
        return max(1, self.within_ms // self.changes)

    def after_change(self, full_at: Instant | None, now: Instant) -> Instant:
        """When the bucket is full again, with one more change taken at `now`."""
        return max(full_at or now, now) + self.interval

    def latest(self, now: Instant, wanted: int = 1) -> Instant:
        """The bucket holds so many changes at `now` if it is full again at this instant or earlier."""
        return now + (self.changes - wanted) * self.interval

    def wait_ms(self, full_at: Instant | None, now: Instant, wanted: int = 1) -> int:
        """How long until there are so many changes in it; 0 where there are."""
        return max(0, (full_at or now) - self.latest(now, wanted))

    def share(self, devices: int | None) -> "Bucket":
        """The bucket of one user of the license, who may have this many devices there; None: any number.

        A fifth of the license's, which leaves four fifths to the others; but twice the user's own devices, where that
        is more, since all of them may come, and come again, like those of a license. Never more than the license's.
        """
        own = 0 if devices is None else 2 * devices
        return replace(self, changes=min(self.changes, max(1, self.changes // USERS_TO_EMPTY_IT, own)))


def bucket_of(max_activations: int | None, least: int) -> Bucket:
    """The bucket of a license by what was sold: all its devices may come, and come again, at nine o'clock."""
    return Bucket(max(least, UNLIMITED_CHANGES if max_activations is None else 2 * max_activations))
