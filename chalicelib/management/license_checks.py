"""Management API: what an application would be answered, for who helps its user."""

from typing import Annotated

from pydantic import Field, StrictStr
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.license_body import LicenseBody, body_of
from chalicelib.management.models import QueryId, Sent
from chalicelib.management.reach import not_of_one_product, own_license
from chalicelib.usecases.change_terms import find_sold
from chalicelib.usecases.explain import Subject, explain, find_license_id
from chalicelib.web.endpoint import Arguments
from chalicelib.web.error_responses import wire_code, wire_message

QueryText = Annotated[StrictStr, Field(min_length=1, max_length=255)]


class CheckQuery(Sent):
    """Which device, and on which license: by its key, or by its id, which every license has."""

    hardware_id: QueryText
    license_key: QueryText | None = None
    license: QueryId | None = None
    username: QueryText | None = None
    """The email of the user, on a license of users; left out: whoever has used the device there."""
    product: QueryText | None = None
    """The short code of the product that the application is of."""


class CheckBody(TypedDict):
    """What a check would be answered now."""

    granted: bool
    """An expired license is no refusal: it says itself that it is."""
    code: str | None
    """Why it would be refused, as the License API says it."""
    detail: str | None
    """The same as a sentence."""
    device: int | None
    """The id of the device; null: it was never active there."""
    license: LicenseBody


def own_check(caller: Caller, arguments: Arguments) -> None:
    """By the license, or its key."""
    key, license_id = arguments["query"].license_key, arguments["query"].license
    if key is not None:
        license_id = find_license_id(caller.company, key, answered_at=caller.now)
    elif license_id is None:
        raise not_of_one_product()
    own_license(caller, license_id or 0)  # no license has this id


@endpoint("GET", "/licenses/check_license", writes=False, scope="licenses:read", reach=own_check)
def check_license(query: CheckQuery, caller: Caller) -> CheckBody:
    """What a check by a device would be answered now. Nothing is changed, and no password is tried."""
    license_id = query.license
    if query.license_key is not None:
        found = find_license_id(caller.company, query.license_key, answered_at=caller.now)
        license_id = found if license_id in (None, found) else None
    elif license_id is None:
        raise Invalid("missing_parameters", field="license_key")
    if license_id is None:
        raise NotFound("license_not_found")
    sold = find_sold(caller.company, license_id)
    if query.product not in (None, sold[0].product):
        raise NotFound("license_not_found")
    (would,) = explain(caller.company, Subject(license_id, query.hardware_id, query.username), now=caller.now)
    refusal, device = would.check, would.snapshot.device
    return {
        "granted": refusal is None,
        "code": None if refusal is None else wire_code(refusal),
        "detail": None if refusal is None else wire_message(refusal),
        "device": None if device is None else device.id,
        "license": body_of(caller)(sold),
    }
