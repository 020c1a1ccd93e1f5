"""Management API: the analytics of the public reference. It counts calls, and here nobody does: each is refused."""

from collections.abc import Callable, Mapping
from typing import NoReturn

from chalicelib.domain.errors import Denied
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller

ROUTES: Mapping[str, str] = {
    "list_activities": "/activities",
    "list_activities_hourly": "/activities-hourly",
    "list_actions_stats": "/activities-hourly/actions_stats",
    "list_call_counts": "/activities-hourly/total_call_count",
    "list_top_customers": "/activities-hourly/top_call_count_customers",
    "list_top_licenses": "/activities-hourly/top_call_count_licenses",
    "list_top_orders": "/activities-hourly/top_call_count_orders",
}
"""The calls by their names. None looks at what is asked for."""


def _refusing(name: str) -> Callable[..., NoReturn]:
    def refuse(caller: Caller) -> NoReturn:  # noqa: ARG001 - it is asked who calls, and no more
        """Refused: calls are not counted here. Reports of licenses and of refusals say what happened."""
        raise Denied("calls_not_counted")

    refuse.__name__ = name
    return refuse


for _name, _route in ROUTES.items():
    endpoint("GET", _route, writes=False, scope="licenses:read")(_refusing(_name))
