"""What has happened on the licenses of a manager, and how many devices were active on each day.

Both are told from the histories of the licenses, when somebody looks: nothing is stored for it, and nothing is to be
caught up with. Each license is a read; so those with most active devices are followed, and no more than `MAX_FOLLOWED`.
"""

from dataclasses import dataclass
from datetime import date

from chalicelib.domain.days import day_of, first_instant
from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.paging import Page
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.usage import active_by_day, recent_days
from chalicelib.store import licenses
from chalicelib.usecases.portal_queries.listing import ListQuery, has_words, page_of_all
from chalicelib.usecases.portal_queries.overview import MAX_FOLLOWED, Managed, read_newest, read_of_each
from chalicelib.usecases.portal_queries.principal import Principal

MAX_EVENTS = 500
"""Events of one license that are read, the newest ones."""


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """An event, and the license that it is of."""

    license: License
    product: str
    event: Event


@dataclass(frozen=True, slots=True)
class ActivityView:
    """What has happened in `domain.usage.USAGE_DAYS`, newest first."""

    principal: Principal
    page: Page[ActivityRow]
    days: list[date]
    """Oldest first, the last one is today. Fewer than usual where a license has more events than are read."""
    active: list[int]
    """How many devices were active when each of the days ended."""
    followed: int
    """Of how many licenses this is said."""
    is_all: bool
    """Whether these are all that there are."""


@dataclass(frozen=True, slots=True)
class _History:
    """What was read of the history of one license, newest first; it is not all where it begins later than asked."""

    license: License
    events: list[Event]

    def begins(self) -> Instant:
        """From when on all events are known."""
        return self.events[-1].at if len(self.events) == MAX_EVENTS else 0


def recent_activity(claims: SessionClaims, list_query: ListQuery, *, now: Instant) -> ActivityView:
    """A page of what has happened on the licenses that the user manages, by what is searched for.

    Two reads, and one for each license that is followed. Raises `session_expired`, `password_change_required`.
    """
    managed = read_newest(claims, now)
    zone = managed.principal.company.time_zone
    followed = sorted(managed.licenses, key=lambda license: -license.times_activated)[:MAX_FOLLOWED]
    days = recent_days(now, zone)
    histories = _read(followed, first_instant(days[0], zone))
    known_from = day_of(max((history.begins() for history in histories), default=0), zone)
    days = [day for day in days if day > known_from]
    by_license = [active_by_day(one.license.times_activated, one.events, days, zone) for one in histories]
    active = [sum(counts) for counts in zip(*by_license, strict=True)] or [0] * len(days)
    page = _page(managed, histories, list_query)
    is_all = managed.is_all and len(followed) == len(managed.licenses)
    return ActivityView(managed.principal, page, days, active, len(followed), is_all)


def _read(followed: list[License], since: Instant) -> list[_History]:
    events = read_of_each(followed, lambda one: licenses.events_since(one.company, one.id, since, MAX_EVENTS))
    return [_History(*pair) for pair in zip(followed, events, strict=True)]


def _page(managed: Managed, histories: list[_History], list_query: ListQuery) -> Page[ActivityRow]:
    """The rows that are asked for."""
    rows = [ActivityRow(one.license, managed.product(one.license), event) for one in histories for event in one.events]
    rows.sort(key=_key, reverse=True)
    return page_of_all(rows, _key, list_query, lambda row: has_words(_texts(row), list_query.search))


def _key(row: ActivityRow) -> str:
    return row.event.key


def _texts(row: ActivityRow) -> list[str]:
    event = row.event
    texts = (row.product, row.license.license_key, event.user, event.hardware_id, event.detail.get("hostname"))
    return [str(text) for text in texts if text]
