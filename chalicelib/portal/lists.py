"""Lists: which rows an address asks for, the addresses of the pages before and after them, and the way back to one.

A form that is opened from a list leads back to it as it was: searched, filtered, sorted, at the same page. The browser
says where it comes from (`Referer`). Of that only the query is kept, in names and a length that we know, and only where
the path is that of the list to which the form leads anyway: so it leads nowhere else, whatever it says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from chalicelib.domain.session import SessionClaims
from chalicelib.languages import gettext
from chalicelib.portal.context import Context, View
from chalicelib.portal.request import PortalRequest
from chalicelib.usecases.cursors import from_cursor, to_cursor
from chalicelib.usecases.portal_queries import IDLE_DAYS, ListQuery

LIST = "list"
"""The field of a form that holds the query of the list that it was opened from."""
_FILTERS = ("search", "product", "status", "sort", "kind", "days")
_KEPT = (*_FILTERS, "after", "before")
MAX_FILTER = 200
MAX_KEPT = 1000
"""Characters of a query that is kept: what one field of a form may have."""


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What is asked for, and what cursors of the list are good for: this address, person, filter and order alone."""

    query: ListQuery
    scope: tuple[str | int, ...]

    @classmethod
    def of(cls, request: PortalRequest, claims: SessionClaims) -> "ListRequest":
        """Raises `Invalid`: `cursor_invalid`."""
        filters = {name: request.query.get(name, "")[:MAX_FILTER] for name in _FILTERS}
        scope: tuple[str | int, ...] = (request.path, claims.company, claims.user_id, *filters.values())
        at = {name: from_cursor(scope, request.query.get(name, "")) for name in ("after", "before")}
        return cls(ListQuery(**filters, **at), scope)

    def shown(self, view: View) -> tuple[View, Context]:
        """A view with a page of rows, as handlers answer it: with cursors in the place of positions."""
        page = view.page
        cursors = {name: to_cursor(self.scope, getattr(page, name)) for name in ("before", "after")}
        return replace(view, page=replace(page, **cursors)), {"list_query": self.query}


def offered_filters(names: Iterable[str], counts: Mapping[str, int]) -> list[tuple[str, str, int | None]]:
    """What people can be filtered by: the name, the words, and how many there are, where that is known."""
    words = {
        "": gettext("All"),
        "invited": gettext("Invited"),
        "using": gettext("Using"),
        "idle": gettext("Idle {days} d", days=IDLE_DAYS),
    }
    return [(name, words[name], counts.get(name)) for name in ("", *names)]


def kept_query(text: str) -> str:
    """Of a query what a list goes by, written anew; empty where there is nothing of it, or too much."""
    if len(text) > MAX_KEPT:
        return ""
    try:
        pairs = parse_qsl(text, max_num_fields=2 * len(_KEPT), errors="strict")
    except ValueError:
        return ""
    query = urlencode({name: value for name, value in pairs if name in _KEPT})
    return query if len(query) <= MAX_KEPT else ""


def list_query_of(request: PortalRequest, path: str) -> str:
    """The query of the list at `path` from which the form was opened; empty where it was opened from elsewhere."""
    if request.method == "POST":
        return kept_query(request.fields.get(LIST, ""))
    came_from, _, query = request.referer.partition("?")
    return kept_query(query) if came_from == path else ""


def in_list(path: str, query: str) -> str:
    """The address of a list as it was."""
    return f"{path}?{query}" if query else path


def row_of(request: PortalRequest, path: str) -> str:
    """The name of the row, in the list at `path`, that a form below it is about; empty where it is about none."""
    below = request.path.removeprefix(f"{path}/").split("/")
    return below[0] if request.path.startswith(f"{path}/") and len(below) > 1 else ""
