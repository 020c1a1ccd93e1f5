"""Lists: which rows an address asks for, and the addresses of the pages before and after them."""

from dataclasses import dataclass, replace

from chalicelib.domain.session import SessionClaims
from chalicelib.portal.context import Context, View
from chalicelib.portal.request import PortalRequest
from chalicelib.usecases.cursors import from_cursor, to_cursor
from chalicelib.usecases.portal_queries import ListQuery

_FILTERS = ("search", "product", "status", "sort")
MAX_FILTER = 200


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
