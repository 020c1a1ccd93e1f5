"""One box that finds licenses, people and devices."""

from chalicelib.domain.session import SessionClaims
from chalicelib.portal.context import Loaded
from chalicelib.portal.handlers import page
from chalicelib.portal.lists import ListRequest
from chalicelib.portal.request import PortalRequest
from chalicelib.usecases import portal_queries
from chalicelib.usecases.cursors import to_cursor


@page("search.html")
def search(request: PortalRequest, claims: SessionClaims) -> Loaded:
    """What is found among all that the user manages."""
    asked = ListRequest.of(request, claims)
    view = portal_queries.search_managed(claims, asked.query.search, asked.query.after, now=request.now)
    return view, {"list_query": asked.query, "after": to_cursor(asked.scope, view.behind)}
