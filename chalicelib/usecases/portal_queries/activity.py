"""What has happened on the licenses of a manager, and how many devices were active on each day.

Both are told from the histories of the licenses, in parts (`parts`): those with most active devices come first.
"""

from dataclasses import dataclass

from chalicelib.domain.days import first_instant
from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.paging import Page
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.usage import recent_days
from chalicelib.usecases.portal_queries.details import KINDS
from chalicelib.usecases.portal_queries.listing import ListQuery, has_words, page_of_all
from chalicelib.usecases.portal_queries.overview import Managed, read_of_each
from chalicelib.usecases.portal_queries.parts import asked_part, page_of_part, read_part
from chalicelib.usecases.portal_queries.principal import Principal
from chalicelib.usecases.portal_queries.usage import History, Usage, read_history, usage_of


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """An event, and the license that it is of."""

    license: License
    title: str
    event: Event


@dataclass(frozen=True, slots=True)
class ActivityView:
    """What has happened in `domain.usage.USAGE_DAYS`, newest first."""

    principal: Principal
    page: Page[ActivityRow]
    usage: Usage
    followed: int
    """Of how many licenses this is said."""
    is_all: bool
    """Whether these are all that there are."""
    is_first: bool
    """Whether they are those with most active devices."""


def recent_activity(claims: SessionClaims, list_query: ListQuery, *, now: Instant) -> ActivityView:
    """A page of what has happened on the licenses that the user manages, by what is searched for.

    Two reads, and one for each license of the part. Raises `session_expired`, `password_change_required`.
    """
    start, asked = asked_part(list_query)
    part = read_part(claims, start, lambda _: 1, now, first=lambda license: license.times_activated)
    principal = part.managed.principal
    zone = principal.company.time_zone
    since = first_instant(recent_days(now, zone)[0], zone)
    histories = read_of_each(part.licenses, lambda license: read_history(license, since))
    page = page_of_part(_page(part.managed, histories, asked), part)
    return ActivityView(
        principal, page, usage_of(histories, now, zone), len(part.licenses), part.is_all, not part.start
    )


def _page(managed: Managed, histories: list[History], list_query: ListQuery) -> Page[ActivityRow]:
    """The rows that are asked for."""
    begins = KINDS.get(list_query.kind, ("",))
    rows = [
        ActivityRow(one.license, managed.title(one.license), event)
        for one in histories
        for event in one.events
        if event.type.startswith(begins)
    ]
    rows.sort(key=_key, reverse=True)
    return page_of_all(rows, _key, list_query, lambda row: has_words(_texts(row), list_query.search))


def _key(row: ActivityRow) -> str:
    return row.event.key


def _texts(row: ActivityRow) -> list[str]:
    event = row.event
    texts = (row.title, row.license.license_key, event.user, event.hardware_id, event.detail.get("hostname"))
    return [str(text) for text in texts if text]
