"""One box that finds licenses, people and devices."""

from chalicelib.domain.session import SessionClaims
from chalicelib.portal.context import Loaded
from chalicelib.portal.handlers import page
from chalicelib.portal.lists import MAX_FILTER
from chalicelib.portal.request import PortalRequest
from chalicelib.usecases import portal_queries


@page("search.html")
def search(request: PortalRequest, claims: SessionClaims) -> Loaded:
    """What is found among all that the user manages."""
    return portal_queries.search_managed(claims, request.query.get("search", "")[:MAX_FILTER], now=request.now)
