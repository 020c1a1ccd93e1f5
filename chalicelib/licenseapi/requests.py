"""What client applications send, as it is taken. `docs/license-api.md` says the same in prose."""

from contextlib import suppress
from typing import Annotated

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, StrictStr, ValidationInfo
from pydantic_core import PydanticCustomError

from chalicelib.domain.license import REPORTED, DeviceReport
from chalicelib.domain.meters import Asked
from chalicelib.domain.pasted import MAX_KEPT, safe_to_show
from chalicelib.domain.users import MAX_PASSWORD, MIN_PASSWORD
from chalicelib.domain.variables import MAX_NAME, MAX_VALUE, MAX_VARIABLES
from chalicelib.licenseapi.forms import (
    MAX_ID,
    SentCount,
    SentFlag,
    SentId,
    SentValue,
    SentWhole,
    read_flag,
    read_id,
    read_value,
    read_variables,
    read_whole,
)
from chalicelib.usecases.customer_license_users import MAX_LIMIT
from chalicelib.usecases.license_lookup import LicenseLookup
from chalicelib.web.freshness import Call, blank_to_none


def _email(value: object, info: ValidationInfo) -> object:
    """In a query `+` stands for a space, and in an email there are none: who left it as it is meant a `+`."""
    if not (isinstance(value, str) and info.context == "query"):
        return value
    user, at, domain = value.strip(" ").partition("@")
    return user.replace(" ", "+") + at + domain if at else value


def _reported(value: object) -> object:
    """What a client says of its machine is cut and made safe to show: it is no reason to refuse an activation.

    Numbers and booleans are texts; what is no single value is not kept.
    """
    with suppress(PydanticCustomError, ValueError):
        return safe_to_show(read_value(value), MAX_KEPT) or None
    return None


MAX_TEXT = 255
MAX_CURSOR = 1000
Reported = Annotated[StrictStr | None, BeforeValidator(_reported, json_schema_input_type=SentValue)]
Text = Annotated[Annotated[StrictStr, Field(max_length=MAX_TEXT)] | None, BeforeValidator(blank_to_none)]
Id = Annotated[
    Annotated[StrictInt, Field(ge=1, le=MAX_ID)] | None, BeforeValidator(read_id, json_schema_input_type=SentId)
]
Whole = Annotated[
    Annotated[StrictInt, Field(ge=-MAX_ID, le=MAX_ID)] | None,
    BeforeValidator(read_whole, json_schema_input_type=SentWhole),
]
Count = Annotated[
    Annotated[StrictInt, Field(ge=0, le=MAX_ID)] | None, BeforeValidator(read_id, json_schema_input_type=SentCount)
]
Flag = Annotated[StrictBool | None, BeforeValidator(read_flag, json_schema_input_type=SentFlag)]
Required = Annotated[Annotated[StrictStr, Field(min_length=1, max_length=MAX_TEXT)], BeforeValidator(blank_to_none)]
Email = Annotated[Text, BeforeValidator(_email)]
RequiredEmail = Annotated[Required, BeforeValidator(_email)]
NewPassword = Annotated[
    Annotated[StrictStr, Field(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD)], BeforeValidator(blank_to_none)
]
Value = Annotated[
    Annotated[StrictStr, Field(max_length=MAX_VALUE)], BeforeValidator(read_value, json_schema_input_type=SentValue)
]
NamedValues = Annotated[
    dict[Annotated[StrictStr, Field(min_length=1, max_length=MAX_NAME)], Value], Field(max_length=MAX_VARIABLES)
]
Variables = Annotated[NamedValues | None, BeforeValidator(read_variables)]


class LicenseRequest(Call):
    """IDENT: which license on which device."""

    product: Required
    hardware_id: Required
    license_key: Text = None
    username: Email = None
    license_id: Id = None
    bundle_code: Text = None
    sdk_ver: Reported = None
    app_ver: Reported = None

    def lookup(self, address: str = "") -> LicenseLookup:
        """IDENT as the use cases take it; `address`: whence it is asked without a password."""
        named = (self.license_key, self.username, self.license_id, self.bundle_code)
        return LicenseLookup(self.product, self.hardware_id, *named, address)

    def device(self) -> DeviceReport:
        """What the request says of the device."""
        return DeviceReport(**{name: value for name, value in vars(self).items() if name in REPORTED})


class CheckRequest(LicenseRequest):
    """GET check_license."""

    os_ver: Reported = None
    hostname: Reported = None
    ip: Reported = None
    include_expired_features: Flag = None
    env: Reported = None
    channel: Reported = None


class FeatureRequest(LicenseRequest):
    """GET check_license_feature."""

    feature: Required
    os_ver: Reported = None
    hostname: Reported = None
    ip: Reported = None


class ActivateRequest(LicenseRequest):
    """POST activate_license."""

    password: Text = None
    os_ver: Reported = None
    hostname: Reported = None
    ip: Reported = None
    mac_address: Reported = None
    is_vm: Flag = None
    vm_info: Reported = None
    variables: Variables = None


class DeactivateRequest(LicenseRequest):
    """POST deactivate_license."""

    variables: Variables = None


class ConsumptionRequest(LicenseRequest):
    """POST add_consumption."""

    consumptions: Whole = None
    """1, where nothing is said; below zero, uses are given back."""
    allow_overages: Flag = None
    """False: no use beyond what was sold."""
    max_overages: Count = None
    """How far beyond, within what the license allows; 0: as far as that."""
    os_ver: Reported = None
    hostname: Reported = None
    ip: Reported = None

    @property
    def amount(self) -> int:
        """How many uses."""
        return 1 if self.consumptions is None else self.consumptions

    @property
    def asked(self) -> Asked:
        """How far beyond what was sold."""
        return Asked(self.allow_overages, self.max_overages)


class TrackRequest(LicenseRequest):
    """POST track_device_variables."""

    variables: Annotated[NamedValues, BeforeValidator(read_variables)]


class ChangePasswordRequest(Call):
    """POST change_password."""

    username: RequiredEmail
    password: Required
    new_password: NewPassword


class UserLicensesRequest(Call):
    """GET user_licenses."""

    product: Required
    username: RequiredEmail
    password: Required


class ProductRequest(Call):
    """GET product_details."""

    product: Required
    include_latest_version: Flag = None
    include_custom_fields: Flag = None
    env: Reported = None


class CustomerRequest(Call):
    """GET customer_license_users."""

    product: Required
    customer: RequiredEmail
    limit: Annotated[Annotated[StrictInt, Field(ge=1, le=MAX_LIMIT)] | None, BeforeValidator(read_id)] = None
    cursor: Annotated[Annotated[StrictStr, Field(max_length=MAX_CURSOR)] | None, BeforeValidator(blank_to_none)] = None


class ProductsRequest(Call):
    """GET products."""


class DeviceLicensesRequest(Call):
    """GET device_licenses."""

    hardware_id: Required
    product: Text = None
