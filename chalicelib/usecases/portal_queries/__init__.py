"""What the pages of the portal show. Each view proves who asks, and answers nothing of what he may not see."""

from chalicelib.usecases.portal_queries.activity import ActivityRow, ActivityView, recent_activity
from chalicelib.usecases.portal_queries.details import (
    DetailsView,
    HistoryView,
    license_details,
    license_history,
)
from chalicelib.usecases.portal_queries.devices import (
    DeviceRow,
    DeviceState,
    DevicesView,
    DeviceView,
    license_device,
    license_devices,
    own_device,
)
from chalicelib.usecases.portal_queries.invited import ChosenInvitedView, InvitedView, chosen_invited, managed_invited
from chalicelib.usecases.portal_queries.listing import IDLE_DAYS, ListQuery
from chalicelib.usecases.portal_queries.managed import LicenseRow, LicensesView, managed_licenses
from chalicelib.usecases.portal_queries.overview import Need, OverviewView, Use, manager_overview
from chalicelib.usecases.portal_queries.own import SeatRow, SeatsView, own_devices, own_licenses
from chalicelib.usecases.portal_queries.people import (
    HeldSeat,
    PeopleView,
    PersonRow,
    PersonView,
    managed_people,
    managed_person,
)
from chalicelib.usecases.portal_queries.principal import (
    LicenseView,
    Principal,
    authenticate_session,
    one_license,
    user_license,
    who_is_told,
)
from chalicelib.usecases.portal_queries.search import SearchView, search_managed
from chalicelib.usecases.portal_queries.sessions import OwnSessionsView, SessionRow, own_sessions
from chalicelib.usecases.portal_queries.users import (
    ChosenView,
    UserRow,
    UsersView,
    UserView,
    chosen_users,
    license_user,
    license_users,
)

__all__ = [
    "IDLE_DAYS",
    "ActivityRow",
    "ActivityView",
    "ChosenInvitedView",
    "ChosenView",
    "DetailsView",
    "DeviceRow",
    "DeviceState",
    "DeviceView",
    "DevicesView",
    "HeldSeat",
    "HistoryView",
    "InvitedView",
    "LicenseRow",
    "LicenseView",
    "LicensesView",
    "ListQuery",
    "Need",
    "OverviewView",
    "OwnSessionsView",
    "PeopleView",
    "PersonRow",
    "PersonView",
    "Principal",
    "SearchView",
    "SeatRow",
    "SeatsView",
    "SessionRow",
    "Use",
    "UserRow",
    "UserView",
    "UsersView",
    "authenticate_session",
    "chosen_invited",
    "chosen_users",
    "license_details",
    "license_device",
    "license_devices",
    "license_history",
    "license_user",
    "license_users",
    "managed_invited",
    "managed_licenses",
    "managed_people",
    "managed_person",
    "manager_overview",
    "one_license",
    "own_device",
    "own_devices",
    "own_licenses",
    "own_sessions",
    "recent_activity",
    "search_managed",
    "user_license",
    "who_is_told",
]
