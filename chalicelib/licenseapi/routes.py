"""License API v4: the routes. Each names its request, calls one use case and shapes the answer; no rule is here."""

from typing import Any

from chalice.app import Blueprint

from chalicelib.domain.places import Place
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
    Ident,
    ProductRequest,
    ProductsRequest,
    TrackRequest,
    UserLicensesRequest,
)
from chalicelib.signing import public_keys
from chalicelib.usecases import device_variables as variables
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

face = Blueprint(__name__)
GET, POST = ["GET", "OPTIONS"], ["POST", "OPTIONS"]
"""A browser asks by OPTIONS whether a page may call."""
endpoint = Endpoints(face)


@face.route("/activate_license", methods=POST)
@endpoint(ActivateRequest)
def activate_license(request: ActivateRequest, caller: Caller) -> LicenseBody:
    """Bind a device to a license; the same device again changes nothing."""
    if request.username is not None and request.password is None:
        raise RequestError("missing_parameters", "password: this parameter is required with username.")
    ident, told = request.identity(), request.variables
    place = activate(caller.company, ident, request.password, request.device(), caller.actor, told=told, now=caller.now)
    more: dict[str, Any] = {"request": "activation"}
    if told and place.license is not None and place.device is not None:
        tracked = variables.track_on(place.license, place.device, told, caller.actor, now=caller.now)
        more["variables"] = [VariableBody.of(variable, place.device.id) for variable in tracked]
    return _license(place, request, caller, more)


@face.route("/check_license", methods=GET)
@endpoint(CheckRequest)
def check_license(request: CheckRequest, caller: Caller) -> LicenseBody:
    """The license as it stands, for a device that is active on it."""
    place = check(caller.company, request.identity(caller.ip), request.device(), now=caller.now)
    return _license(place, request, caller, CHECK_FIELDS)


@face.route("/deactivate_license", methods=POST)
@endpoint(DeactivateRequest)
def deactivate_license(request: DeactivateRequest, caller: Caller) -> str:
    """Give the place back."""
    deactivate(caller.company, request.identity(caller.ip), caller.actor, told=request.variables, now=caller.now)
    return "license_deactivated"


@face.route("/change_password", methods=POST)
@endpoint(ChangePasswordRequest)
def change_password(request: ChangePasswordRequest, caller: Caller) -> str:
    """A user chooses a new password."""
    email = request.username.split("|", 1)[0]
    choose_password(caller.company, email, request.password, request.new_password, caller.actor, now=caller.now)
    return "password_changed"


@face.route("/user_licenses", methods=GET)
@endpoint(UserLicensesRequest)
def user_licenses(request: UserLicensesRequest, caller: Caller) -> list[UserLicenseBody]:
    """The licenses of a product that a user may use, newest first."""
    product = find_product(caller.company, request.product, now=caller.now)
    email = request.username.split("|", 1)[0]
    held = licenses_of_user(caller.company, product.code, email, request.password, caller.ip, now=caller.now)
    return [UserLicenseBody.of(place, product, caller.now) for place in held]


@face.route("/device_licenses", methods=GET)
@endpoint(DeviceLicensesRequest)
def device_licenses(request: DeviceLicensesRequest, caller: Caller) -> list[LicenseBody]:
    """The licenses on which a device is active, newest first."""
    only = caller.api_key.products
    held = licenses_of_device(caller.company, request.hardware_id, request.product, only, now=caller.now)
    return [LicenseBody.of(by_ids_alone(place), product, caller.now) for place, product in held]


@face.route("/products", methods=GET)
@endpoint(ProductsRequest)
def products(request: ProductsRequest, caller: Caller) -> list[ListedProductBody]:  # noqa: ARG001 - it says nothing
    """The products that the API key is for."""
    return [ListedProductBody.of(product) for product in products_of_company(caller.company, caller.api_key.products)]


@face.route("/product_details", methods=GET)
@endpoint(ProductRequest)
def product_details(request: ProductRequest, caller: Caller) -> ProductDetailsBody:
    """What a product is."""
    return ProductDetailsBody.alone(find_product(caller.company, request.product, now=caller.now))


@face.route("/customer_license_users", methods=GET)
@endpoint(CustomerRequest, scope="people")
def customer_license_users(request: CustomerRequest, caller: Caller) -> CustomerUsersBody:
    """Who uses what a customer has bought of a product."""
    product = find_product(caller.company, request.product, now=caller.now)
    rows = users_of_customer(caller.company, product.code, request.customer, now=caller.now)
    return CustomerUsersBody.of(product, request.customer, rows)


@face.route("/track_device_variables", methods=POST)
@endpoint(TrackRequest)
def track_device_variables(request: TrackRequest, caller: Caller) -> list[VariableBody]:
    """Set variables of the device; others stay."""
    ident = request.identity(caller.ip)
    device, tracked = variables.track_variables(caller.company, ident, request.variables, caller.actor, now=caller.now)
    return [VariableBody.of(variable, device.id) for variable in tracked]


@face.route("/get_device_variables", methods=GET)
@endpoint(Ident)
def get_device_variables(request: Ident, caller: Caller) -> list[VariableBody]:
    """All variables of the device."""
    device, found = variables.device_variables(caller.company, request.identity(caller.ip), now=caller.now)
    return [VariableBody.of(variable, device.id, id=variable.id) for variable in found]


@face.route("/", methods=GET)
@endpoint.public
def about() -> AboutBody:
    """That this is a license server, and it answers."""
    return AboutBody(name="Seatkeeper", api="v4", version=VERSION, commit=commit())


@face.route("/public_key", methods=GET)
@endpoint.public
def public_key() -> str:
    """The keys that answers are verified with, in PEM, the current one first."""
    return public_keys()


def _license(place: Place, request: Ident, caller: Caller, more: dict[str, Any]) -> LicenseBody:
    product = find_product(caller.company, request.product, now=caller.now)
    more["license_signature"] = license_signature(place, request, caller.signer)
    shown = place if request.identity().is_named else by_ids_alone(place)
    return LicenseBody.of(shown, product, caller.now, **more)
