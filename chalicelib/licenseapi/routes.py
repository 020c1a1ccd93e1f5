"""License API v4: every call, declared once. Each calls one use case and shapes the answer; no rule is here."""

from chalice.app import Blueprint

from chalicelib.domain.activation import Snapshot
from chalicelib.domain.errors import Invalid
from chalicelib.licenseapi.adapter import LicenseApi
from chalicelib.licenseapi.bodies import (
    AboutBody,
    CustomerUsersBody,
    ProductDetailsBody,
    VariableBody,
    customer_users_body,
    product_details_body,
    variable_body,
)
from chalicelib.licenseapi.features import CheckedFeatureBody, feature_body
from chalicelib.licenseapi.license_body import (
    NO_INSTALLER,
    CallFields,
    ConsumptionBody,
    LicenseBody,
    UserLicenseBody,
    by_ids_alone,
    consumption_fields,
    license_body,
    license_signature,
    user_license_body,
)
from chalicelib.licenseapi.requests import (
    ActivateRequest,
    ChangePasswordRequest,
    CheckRequest,
    ConsumptionRequest,
    CustomerRequest,
    DeactivateRequest,
    DeviceLicensesRequest,
    FeatureRequest,
    LicenseRequest,
    ProductRequest,
    ProductsRequest,
    TrackRequest,
    UserLicensesRequest,
)
from chalicelib.runtime import runtime
from chalicelib.usecases import device_variables
from chalicelib.usecases.activate import activate
from chalicelib.usecases.add_consumption import add_consumption as count_use
from chalicelib.usecases.catalog import find_product
from chalicelib.usecases.catalog import products as products_of_company
from chalicelib.usecases.change_password import change_password as choose_password
from chalicelib.usecases.check import check, check_feature
from chalicelib.usecases.customer_license_users import MAX_LIMIT, page_of_license_users
from chalicelib.usecases.customer_license_users import customer_license_users as users_of_customer
from chalicelib.usecases.deactivate import deactivate
from chalicelib.usecases.device_licenses import device_licenses as licenses_of_device
from chalicelib.usecases.license_lookup import LicenseLookup
from chalicelib.usecases.product_features import find_all_features
from chalicelib.usecases.product_fields import find_fields
from chalicelib.usecases.slots import release_slot
from chalicelib.usecases.user_licenses import user_licenses as licenses_of_user
from chalicelib.version import VERSION, commit
from chalicelib.web import clock
from chalicelib.web.authentication import Caller
from chalicelib.web.freshness import Call
from chalicelib.web.product_body import ListedProductBody, listed_product_body

blueprint = Blueprint(__name__)
endpoint = LicenseApi(blueprint)


@endpoint("POST", "/activate_license", writes=True)
def activate_license(body: ActivateRequest, caller: Caller) -> LicenseBody:
    """Bind a device to a license; the same device again changes nothing."""
    if body.username is not None and body.password is None:
        raise Invalid("missing_parameters", of="username", field="password")
    lookup, variables = body.lookup(), body.variables
    snapshot, tracked = activate(
        caller.company, lookup, body.password, body.device(), caller.actor, variables=variables, now=caller.now
    )
    of_call: CallFields = {"request": "activation"}
    if variables and snapshot.device is not None:
        of_call = {"variables": [variable_body(variable, snapshot.device.id) for variable in tracked], **of_call}
    return _license(snapshot, lookup, caller, of_call)


@endpoint("GET", "/check_license", writes=False)
def check_license(query: CheckRequest, caller: Caller) -> LicenseBody:
    """The license as it stands, for a device that is active on it; of a floating one, it takes or renews its slot."""
    lookup, may_take = query.lookup(caller.ip), not caller.api_key.read_only
    snapshot = check(caller.company, lookup, query.device(), caller.actor, takes_slot=may_take, now=caller.now)
    shown = _license(snapshot, lookup, caller, {}, expired_features=query.include_expired_features or False)
    return {**shown, **NO_INSTALLER}


@endpoint("GET", "/check_license_feature", writes=False)
def check_license_feature(query: FeatureRequest, caller: Caller) -> CheckedFeatureBody:
    """A feature of the license, for a device that is active on it; one that is over says so by its date."""
    lookup = query.lookup(caller.ip)
    license, granted = check_feature(
        caller.company, lookup, query.feature, query.device(), caller.actor, now=caller.now
    )
    company = {"id": find_product(caller.company, query.product, now=caller.now).company_id}
    return {**feature_body(granted), "license_id": license.id, "company": company}


@endpoint("POST", "/deactivate_license", writes=True)
def deactivate_license(body: DeactivateRequest, caller: Caller) -> str:
    """Deactivate the device."""
    deactivate(caller.company, body.lookup(caller.ip), caller.actor, variables=body.variables, now=caller.now)
    return "license_deactivated"


@endpoint("POST", "/floating/release", writes=True)
def release_floating(body: LicenseRequest, caller: Caller) -> str:
    """Give back the slot of a floating license; the device stays active."""
    release_slot(caller.company, body.lookup(caller.ip), caller.actor, now=caller.now)
    return "license_released"


@endpoint("POST", "/add_consumption", writes=True)
def add_consumption(body: ConsumptionRequest, caller: Caller) -> ConsumptionBody:
    """Count uses of a license that is sold by consumption; the same `Idempotency-Key` once more counts nothing."""
    lookup, key = body.lookup(caller.ip), caller.idempotency_key
    given = (caller.company, lookup, body.amount, body.device(), caller.actor)
    license, meter = count_use(*given, key=key, asked=body.asked, now=caller.now)
    company = {"id": find_product(caller.company, body.product, now=caller.now).company_id}
    return {"id": license.id, **consumption_fields(license, meter), "company": company}


@endpoint("POST", "/change_password", writes=True)
def change_password(body: ChangePasswordRequest, caller: Caller) -> str:
    """A user chooses a new password."""
    email = body.username.split("|", 1)[0]
    choose_password(caller.company, email, body.password, body.new_password, caller.actor, now=caller.now)
    return "password_changed"


@endpoint("GET", "/user_licenses", writes=False)
def user_licenses(query: UserLicensesRequest, caller: Caller) -> list[UserLicenseBody]:
    """The licenses of a product that a user may use, newest first."""
    email = query.username.split("|", 1)[0]
    held = licenses_of_user(caller.company, query.product, email, query.password, caller.ip, now=caller.now)
    return [user_license_body(snapshot, caller.now) for snapshot in held]


@endpoint("GET", "/device_licenses", writes=False)
def device_licenses(query: DeviceLicensesRequest, caller: Caller) -> list[LicenseBody]:
    """The licenses on which a device is active, newest first."""
    only = caller.api_key.products
    held = licenses_of_device(caller.company, query.hardware_id, query.product, only, now=caller.now)
    return [license_body(by_ids_alone(snapshot), caller.now) for snapshot in held]


@endpoint("GET", "/products", writes=False)
def products(query: ProductsRequest, caller: Caller) -> list[ListedProductBody]:
    """The products that the API key is for, with their features."""
    features = find_all_features(caller.company)
    found = products_of_company(caller.company, caller.api_key.products)
    return [listed_product_body(product, features) for product in found]


@endpoint("GET", "/product_details", writes=False)
def product_details(query: ProductRequest, caller: Caller) -> ProductDetailsBody:
    """What a product is."""
    product = find_product(caller.company, query.product, now=caller.now)
    fields = find_fields(caller.company, product.code) if query.include_custom_fields else []
    return product_details_body(product, fields)


@endpoint("GET", "/customer_license_users", writes=False, scope="people")
def customer_license_users(query: CustomerRequest, caller: Caller) -> CustomerUsersBody:
    """Who uses what a customer has bought of a product."""
    of_customer = (caller.company, query.product, query.customer)
    if query.limit is None and query.cursor is None:
        product, rows = users_of_customer(*of_customer, now=caller.now)
        return customer_users_body(product, query.customer, rows)
    limit, cursor = query.limit or MAX_LIMIT, query.cursor or ""
    product, page, further = page_of_license_users(*of_customer, cursor, limit, now=caller.now)
    return {**customer_users_body(product, query.customer, page), "next_cursor": further or None}


@endpoint("POST", "/track_device_variables", writes=True)
def track_device_variables(body: TrackRequest, caller: Caller) -> list[VariableBody]:
    """Set variables of the device; others stay."""
    lookup = body.lookup(caller.ip)
    device, tracked = device_variables.track_variables(
        caller.company, lookup, body.variables, caller.actor, now=caller.now
    )
    return [variable_body(variable, device.id) for variable in tracked]


@endpoint("GET", "/get_device_variables", writes=False)
def get_device_variables(query: LicenseRequest, caller: Caller) -> list[VariableBody]:
    """All variables of the device."""
    device, found = device_variables.device_variables(caller.company, query.lookup(caller.ip), now=caller.now)
    return [{"id": variable.id, **variable_body(variable, device.id)} for variable in found]


@endpoint("GET", "/", writes=False, public=True)
def about(query: Call) -> AboutBody:
    """That this is a license server, and it answers."""
    return {"name": "Seatkeeper", "api": "v4", "version": VERSION, "commit": commit()}


@endpoint("GET", "/public_key", writes=False, public=True)
def public_key(query: Call) -> str:
    """The keys that answers are verified with, in PEM, the current one first."""
    return runtime().keyring.public_keys(clock.now())


def _license(
    snapshot: Snapshot,
    lookup: LicenseLookup,
    caller: Caller,
    of_call: CallFields,
    *,
    expired_features: bool = False,
) -> LicenseBody:
    shown = snapshot if lookup.is_named else by_ids_alone(snapshot)
    signature = license_signature(snapshot, lookup, caller.signer)
    body = license_body(shown, caller.now, expired_features=expired_features)
    return {**body, **of_call, "license_signature": signature}
