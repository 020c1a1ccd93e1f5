"""Where a manager begins: what needs him, how much is used, and what has happened on all licenses."""

from chalice.app import Response

from chalicelib.domain.session import SessionClaims
from chalicelib.portal.context import Loaded, Parts
from chalicelib.portal.handlers import PageHandler, logged_in, page, redirect, shown
from chalicelib.portal.lists import ListRequest
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.usage_chart import usage_chart
from chalicelib.usecases import portal_queries


def _home(request: PortalRequest, claims: SessionClaims, _parts: Parts) -> Response:
    """Managers see what needs them; others begin at their own licenses."""
    view = portal_queries.manager_overview(claims, now=request.now)
    if not view.principal.user.is_manager:
        return redirect(request, "/portal/seats")
    return shown("overview.html", request, view)


home = PageHandler(logged_in(_home))


@page("activity.html")
def activity(request: PortalRequest, claims: SessionClaims) -> Loaded:
    """What has happened on the licenses that the user manages, newest first, and how many devices were active."""
    asked = ListRequest.of(request, claims)
    view, context = asked.shown(portal_queries.recent_activity(claims, asked.query, now=request.now))
    usage = view.usage
    return view, context | {"chart": usage_chart(usage.days, usage.active) if any(usage.active) else None}
