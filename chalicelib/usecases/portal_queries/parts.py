"""Lists of what lies with each license of a manager: they are looked through in parts, some licenses at a time.

What lies with a license is a read or more, and nothing leads to it from all of them. So a page looks at as many
licenses as it has reads for, shows what it finds there, and says where the next part starts: no license is passed over.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.paging import Page
from chalicelib.domain.session import SessionClaims
from chalicelib.usecases.portal_queries.listing import ListQuery, T
from chalicelib.usecases.portal_queries.overview import Managed, read_newest

MAX_READS = 24
"""Reads of what lies with the licenses of one part."""


@dataclass(frozen=True, slots=True)
class Part:
    """Licenses that are looked at together."""

    managed: Managed
    """Those among which they are."""
    licenses: list[License]
    start: str
    """Where it starts; empty for the first one."""
    behind: str
    """Where the next one starts; empty where there is none."""

    @property
    def is_all(self) -> bool:
        """Whether it is the only one."""
        return not (self.start or self.behind)

    @property
    def begins(self) -> bool:
        """Whether it is the first one of those licenses of the manager's that are read at once."""
        return " " not in self.start


def read_part(
    claims: SessionClaims,
    start: str,
    reads: Callable[[License], int],
    now: Instant,
    *,
    first: Callable[[License], int] = lambda _: 0,
) -> Part:
    """The part that starts there, the newest licenses first, in two reads. Raises as `manager_overview`.

    `reads`: how many a license takes; none where nothing lies with it that is looked for. A license that takes more
    than there are is a part by itself. `first`: of the licenses that are read at once, those with most of it come
    first.
    """
    group, _, last = start.partition(" ")
    managed = read_newest(claims, now, after=int(group) if group else None)

    def place(license: License) -> list[int]:
        return [first(license), license.id]

    there = sorted((license for license in managed.licenses if reads(license)), key=place, reverse=True)
    if last:
        there = [license for license in there if place(license) < [int(number) for number in last.split()]]
    licenses, left = list[License](), MAX_READS
    for license in there:
        left -= reads(license)
        if licenses and left < 0:
            break
        licenses.append(license)
    behind = "" if managed.behind is None else str(managed.behind)
    if len(licenses) < len(there):
        behind = " ".join([group, *map(str, place(licenses[-1]))])
    return Part(managed, licenses, start, behind)


def asked_part(list_query: ListQuery) -> tuple[str, ListQuery]:
    """Where the part starts that is asked for, and which page of what is found there."""
    start = (list_query.after or list_query.before).partition("/")[0]
    after, before = (position.partition("/")[2] for position in (list_query.after, list_query.before))
    return start, replace(list_query, after=after, before=before)


def page_of_part(page: Page[T], part: Part) -> Page[T]:
    """A page of what was found in a part, as one of the whole list: which is counted where the part is all of it."""
    before, after = (f"{part.start}/{position}" if position else "" for position in (page.before, page.after))
    if part.is_all:
        return replace(page, before=before, after=after)
    is_cut = bool(part.behind) and not after
    return replace(
        page, first=0, total=None, before=before, after=f"{part.behind}/" if is_cut else after, is_cut=is_cut
    )
