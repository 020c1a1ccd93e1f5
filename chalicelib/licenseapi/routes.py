"""License API v4: the routes. Each names its request, calls one use case and shapes the answer; no rule is here."""

from typing import Any

from chalice.app import Blueprint

from chalicelib.domain.activation import Snapshot
from chalicelib.licenseapi.bodies import (
    CHECK_FIELDS,
    AboutBody,
    CustomerUsersBody,
    LicenseBody,
    ProductDetailsBody,
    UserLicenseBody,
    VariableBody,
    by_ids_alone,
    license_signature,
)
from chalicelib.licenseapi.products import ListedProductBody
from chalicelib.licenseapi.requests import (
    ActivateRequest,
    ChangePasswordRequest,
    CheckRequest,
    CustomerRequest,
    DeactivateRequest,
    DeviceLicensesRequest,
    LicenseRequest,
    ProductRequest,
    ProductsRequest,
    TrackRequest,
    UserLicensesRequest,
)
from chalicelib.signing import public_keys
from chalicelib.usecases import device_variables
from chalicelib.usecases.activate import activate
from chalicelib.usecases.catalogue import find_product
from chalicelib.usecases.catalogue import products as products_of_company
from chalicelib.usecases.change_password import change_password as choose_password
from chalicelib.usecases.check import check
from chalicelib.usecases.customer_license_users import customer_license_users as users_of_customer
from chalicelib.usecases.deactivate import deactivate
from chalicelib.usecases.device_licenses import device_licenses as licenses_of_device
from chalicelib.usecases.user_licenses import user_licenses as licenses_of_user
from chalicelib.version import VERSION, commit
from chalicelib.web.authentication import Caller
from chalicelib.web.endpoint import Endpoints
from chalicelib.web.errors import RequestError

blueprint = Blueprint(__name__)
GET, POST = ["GET", "OPTIONS"], ["POST", "OPTIONS"]
"""A browser asks by OPTIONS whether a page may call."""
endpoint = Endpoints(blueprint)


@blueprint.route("/activate_license", methods=POST)
@endpoint(ActivateRequest)
def activate_license(request: ActivateRequest, caller: Caller) -> LicenseBody:
    """Bind a device to a license; the same device again changes nothing."""
    if request.username is not None and request.password is None:
        raise RequestError("missing_parameters", "password: this parameter is required with username.")
    lookup, variables = request.lookup(), request.variables
    snapshot = activate(
        caller.company, lookup, request.password, request.device(), caller.actor, variables=variables, now=caller.now
    )
    more: dict[str, Any] = {"request": "activation"}
    if variables and snapshot.license is not None and snapshot.device is not None:
        tracked = device_variables.track_on(snapshot.license, snapshot.device, variables, caller.actor, now=caller.now)
        more["variables"] = [VariableBody.of(variable, snapshot.device.id) for variable in tracked]
    return _license(snapshot, request, caller, more)


@blueprint.route("/check_license", methods=GET)
@endpoint(CheckRequest)
def check_license(request: CheckRequest, caller: Caller) -> LicenseBody:
    """The license as it stands, for a device that is active on it."""
    snapshot = check(caller.company, request.lookup(caller.ip), request.device(), now=caller.now)
    return _license(snapshot, request, caller, CHECK_FIELDS)


@blueprint.route("/deactivate_license", methods=POST)
@endpoint(DeactivateRequest)
def deactivate_license(request: DeactivateRequest, caller: Caller) -> str:
    """Deactivate the device."""
    deactivate(caller.company, request.lookup(caller.ip), caller.actor, variables=request.variables, now=caller.now)
    return "license_deactivated"


@blueprint.route("/change_password", methods=POST)
@endpoint(ChangePasswordRequest)
def change_password(request: ChangePasswordRequest, caller: Caller) -> str:
    """A user chooses a new password."""
    email = request.username.split("|", 1)[0]
    choose_password(caller.company, email, request.password, request.new_password, caller.actor, now=caller.now)
    return "password_changed"


@blueprint.route("/user_licenses", methods=GET)
@endpoint(UserLicensesRequest)
def user_licenses(request: UserLicensesRequest, caller: Caller) -> list[UserLicenseBody]:
    """The licenses of a product that a user may use, newest first."""
    product = find_product(caller.company, request.product, now=caller.now)
    email = request.username.split("|", 1)[0]
    held = licenses_of_user(caller.company, product.code, email, request.password, caller.ip, now=caller.now)
    return [UserLicenseBody.of(snapshot, product, caller.now) for snapshot in held]


@blueprint.route("/device_licenses", methods=GET)
@endpoint(DeviceLicensesRequest)
def device_licenses(request: DeviceLicensesRequest, caller: Caller) -> list[LicenseBody]:
    """The licenses on which a device is active, newest first."""
    only = caller.api_key.products
    held = licenses_of_device(caller.company, request.hardware_id, request.product, only, now=caller.now)
    return [LicenseBody.of(by_ids_alone(snapshot), product, caller.now) for snapshot, product in held]


@blueprint.route("/products", methods=GET)
@endpoint(ProductsRequest)
def products(request: ProductsRequest, caller: Caller) -> list[ListedProductBody]:  # noqa: ARG001 - it says nothing
    """The products that the API key is for."""
    return [ListedProductBody.of(product) for product in products_of_company(caller.company, caller.api_key.products)]


@blueprint.route("/product_details", methods=GET)
@endpoint(ProductRequest)
def product_details(request: ProductRequest, caller: Caller) -> ProductDetailsBody:
    """What a product is."""
    return ProductDetailsBody.alone(find_product(caller.company, request.product, now=caller.now))


@blueprint.route("/customer_license_users", methods=GET)
@endpoint(CustomerRequest, scope="people")
def customer_license_users(request: CustomerRequest, caller: Caller) -> CustomerUsersBody:
    """Who uses what a customer has bought of a product."""
    product = find_product(caller.company, request.product, now=caller.now)
    rows = users_of_customer(caller.company, product.code, request.customer, now=caller.now)
    return CustomerUsersBody.of(product, request.customer, rows)


@blueprint.route("/track_device_variables", methods=POST)
@endpoint(TrackRequest)
def track_device_variables(request: TrackRequest, caller: Caller) -> list[VariableBody]:
    """Set variables of the device; others stay."""
    lookup = request.lookup(caller.ip)
    device, tracked = device_variables.track_variables(
        caller.company, lookup, request.variables, caller.actor, now=caller.now
    )
    return [VariableBody.of(variable, device.id) for variable in tracked]


@blueprint.route("/get_device_variables", methods=GET)
@endpoint(LicenseRequest)
def get_device_variables(request: LicenseRequest, caller: Caller) -> list[VariableBody]:
    """All variables of the device."""
    device, found = device_variables.device_variables(caller.company, request.lookup(caller.ip), now=caller.now)
    return [VariableBody.of(variable, device.id, id=variable.id) for variable in found]


@blueprint.route("/", methods=GET)
@endpoint.public
def about() -> AboutBody:
    """That this is a license server, and it answers."""
    return AboutBody(name="Seatkeeper", api="v4", version=VERSION, commit=commit())


@blueprint.route("/public_key", methods=GET)
@endpoint.public
def public_key() -> str:
    """The keys that answers are verified with, in PEM, the current one first."""
    return public_keys()


def _license(snapshot: Snapshot, request: LicenseRequest, caller: Caller, more: dict[str, Any]) -> LicenseBody:
    product = find_product(caller.company, request.product, now=caller.now)
    more["license_signature"] = license_signature(snapshot, request, caller.signer)
    shown = snapshot if request.lookup().is_named else by_ids_alone(snapshot)
    return LicenseBody.of(shown, product, caller.now, **more)
