"""A license as a row of an import says it: an object of names and values, as the Management API answers a license.

What a row leaves out, or has empty, is as the product says where the license is made, and stays where it is there.
Numbers, dates and switches may be texts, as a CSV file has them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from chalicelib.domain.adoption import LegacyDevice
from chalicelib.domain.counts import read_count
from chalicelib.domain.customers import PROFILE
from chalicelib.domain.days import first_instant, last_instant, read_moment
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import Invalid, at_field, raise_all
from chalicelib.domain.instants import Instant, from_iso, parse_duration
from chalicelib.domain.license import DeviceReport, LicenseType, Overage, Period, RenewalBasis
from chalicelib.domain.meters import METER_TERMS
from chalicelib.domain.orders import TEXTS, kept_details
from chalicelib.domain.pasted import MAX_TYPED, safe_to_show
from chalicelib.domain.terms import order_id
from chalicelib.domain.types import Json, JsonValue

MAX_LISTED = 1000
"""Features, custom fields, users or devices in one row."""
MAX_HARDWARE_ID, MAX_SHOWN = 255, 255
"""Characters."""
_YES, _NO = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})
Reader = Callable[[JsonValue, str], Any]  # each as its field of a row is
"""What reads a value of JSON, given the company's time zone. Raises `Invalid`."""


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """A feature that a license has."""

    code: str
    expires_at: Instant | None = None
    more: Mapping[str, Any] = field(default_factory=dict)  # as `FeatureGrant` has them
    """Fields of `FeatureGrant`; those that are left out are as the product has them."""


@dataclass(frozen=True, slots=True)
class UserRow:
    """Who has a seat, or manages the order, or both."""

    email: str
    first_name: str = ""
    last_name: str = ""
    phone_number: str = ""
    max_activations: int | None = None
    """None: it is not said."""
    is_manager: bool = False


@dataclass(frozen=True, slots=True)
class LicenseRow:
    """A license that is to be there, as a row says it."""

    name: str
    """What names the row in its source, its key or else its `id`: a license is made of it once."""
    product: str
    license_key: str | None
    terms: Mapping[str, Any]  # each as the field of that name of `License`
    """What is said of its terms, by the fields of `Terms`."""
    more: Mapping[str, Any]  # as `TermChanges` has them
    """Its name, and what it carries besides (`domain.extras.EXTRAS`) but for features and custom fields."""
    enabled: bool | None
    customer: Mapping[str, str]
    """The texts that the row says of the customer, with the `email`; empty where there is none."""
    order: Json
    """What it says of its order besides the name, of `domain.orders.DETAILS`."""
    features: Sequence[FeatureRow] | None
    """All that it has; None: it is not said."""
    fields: Mapping[str, str]
    """Custom fields by name."""
    users: Sequence[UserRow]
    devices: Sequence[LegacyDevice]
    """Those that are active."""
    total: int = 0
    """How often it was used in this period, of one whose uses are counted: said of a license that is made of it."""


def license_row(row: Json, zone: str) -> LicenseRow:
    """Read a row; `zone`: the time zone of the company, in which a date is a day.

    Raises `Invalid`, with one error for each field that is wrong.
    """
    wrong: list[Invalid] = []
    read = _Fields(row, zone, wrong)
    terms = {name: value for name, reader in _TERMS.items() if (value := read(name, reader)) is not None}
    more = {name: value for name, reader in _MORE.items() if (value := read(name, reader)) is not None}
    _say_none(terms, read)
    if (order := read("order_store_id", _order)) is not None:
        terms["order_id"] = order
    if read("enable_maintenance_period", _flag) is False:
        more["maintenance_period"] = None
    product, key = read("product", _product), read("license_key", _text)
    name = key or read("id", _name)
    for field_name, value in (("product", product), ("license_key", name)):
        if value is None and not any(error.field == field_name for error in wrong):
            wrong.append(Invalid("missing_parameters", field=field_name))
    features = read("product_features", _list(_feature))
    fields, users = read("product_custom_fields", _list(_field)) or [], read("license_users", _list(_user)) or []
    customer, enabled = read("customer", _customer) or {}, read("enabled", _flag)
    of_order = read("order", _order_details) or {}
    devices = [device for device in read("devices", _list(_device)) or [] if device is not None]
    total = read("total_consumptions", _count) or 0
    raise_all(wrong)
    assert isinstance(name, str)  # else something is wrong
    assert isinstance(product, str)
    said = (terms, more, enabled, customer, of_order)
    return LicenseRow(name, product, key, *said, features, dict(fields), users, devices, total)


def feature_row(row: Json, zone: str) -> tuple[str, FeatureRow]:
    """A license key, and a feature that the license is to have. Raises `Invalid`."""
    key = _inner(row, zone, {"license_key": _text}).get("license_key")
    if key is None:
        raise Invalid("missing_parameters", field="license_key")
    with at_field("code"):
        code = _feature_code(row, zone)
    return key, _feature_of(code, row, zone)


def customer_row(row: Json, zone: str) -> dict[str, str]:
    """The texts of a customer, with the `email`. Raises `Invalid`."""
    texts = _customer(row, zone)
    if not texts:
        raise Invalid("email_malformed", field="email")
    return texts


@dataclass(frozen=True, slots=True)
class _Fields:
    """Reads the fields of a row, and keeps what is wrong with them."""

    row: Json
    zone: str
    wrong: list[Invalid]

    def __call__(self, name: str, reader: Reader) -> Any:  # as the reader answers it
        """The value of a field; None where it is left out, empty or wrong."""
        value = self.row.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        try:
            return reader(value, self.zone)
        except Invalid as error:
            self.wrong.extend(_within(name, error))
            return None


def _within(name: str, error: Invalid) -> Iterator[Invalid]:
    """What is wrong within a field, or within one of a list, by the path there."""
    for one in error.errors:
        yield Invalid(one.code, field=f"{name}.{one.field}" if one.field else name, errors=(), **one.params)


def _say_none(terms: Json, read: _Fields) -> None:
    """What is said to be none, as the Management API says it."""
    if read("allow_unlimited_activations", _flag):
        terms["max_activations"] = None
    if terms.get("max_license_users") == 0 and read("allow_unlimited_license_users", _flag) is not False:
        terms["max_license_users"] = None
    if read("allow_grace_period", _flag) is False:
        terms["grace_period"] = 0
    _say_uncounted(terms, read)
    if read("is_floating_cloud", _flag) is False:
        terms["floating_users"] = 0
    if terms.get("floating_timeout") == 0:  # of a license that is not floating
        del terms["floating_timeout"]
    if terms.get("validity_period") is not None and terms.get("valid_duration") is not None:
        del terms["valid_duration"]  # which has made the end
    if "license_type" not in terms and ({"validity_period", "valid_duration"} & terms.keys()):
        terms["license_type"] = "time-limited"


def _say_uncounted(terms: Json, read: _Fields) -> None:
    """The same of uses that are counted."""
    if read("allow_unlimited_consumptions", _flag):
        terms["max_consumptions"] = None
    if read("reset_consumption", _flag) is False:
        terms["consumption_period"] = None
    if terms.get("license_type") != "consumption":  # of which nothing is said by 0, false or none
        for name in [name for name in METER_TERMS if name in terms and not terms[name]]:
            del terms[name]


def _text(value: JsonValue, _: str) -> str:
    if not isinstance(value, str):
        raise Invalid("validation_error", of="text")
    return value.strip()


def _order(value: JsonValue, zone: str) -> str:
    return order_id(_text(value, zone))


def _name(value: JsonValue, _: str) -> str:
    return str(value) if type(value) is int else _text(value, "")


def _shown(value: JsonValue, zone: str) -> str:
    """What a program has reported of a device, as it is kept."""
    return safe_to_show(_text(value, zone), MAX_SHOWN)


def _instant(value: JsonValue, zone: str) -> Instant:
    return from_iso(_text(value, zone))


def _metadata(value: JsonValue, _: str) -> Json:
    if not isinstance(value, dict):
        raise Invalid("validation_error", of="object")
    return value


def _count(value: JsonValue, _: str) -> int:
    count = value if type(value) is int else read_count(value) if isinstance(value, str) else None
    if count is None:
        raise Invalid("count_malformed")
    return count


def _transfers(value: JsonValue, _: str) -> int:
    return -1 if str(value).strip() == "-1" else _count(value, "")


def _flag(value: JsonValue, _: str) -> bool:
    word = str(value).strip().lower()[:MAX_TYPED]
    if word not in _YES | _NO:
        raise Invalid("boolean_malformed")
    return word in _YES


def _end(value: JsonValue, zone: str) -> Instant:
    return last_instant(read_moment(_text(value, zone)), zone)


def _start(value: JsonValue, zone: str) -> Instant:
    return first_instant(read_moment(_text(value, zone)), zone)


def _duration(value: JsonValue, zone: str) -> str:
    return str(parse_duration(_text(value, zone)))


def _one_of(*words: str) -> Reader:
    def read(value: JsonValue, zone: str) -> str:
        if (word := _text(value, zone)) not in words:
            raise Invalid("not_offered_yet", choices=" or ".join(words))
        return word

    return read


def _product(value: JsonValue, zone: str) -> str:
    """Its code, or the product as an object has it."""
    return _text(value.get("short_code") if isinstance(value, dict) else value, zone)


def _customer(value: JsonValue, zone: str) -> dict[str, str]:
    """An email, or the customer as an object has it."""
    given = value if isinstance(value, dict) else {"email": value}
    texts = {name: _text(given[name], zone) for name in ("email", *PROFILE) if given.get(name)}
    if texts and "email" not in texts:
        raise Invalid("email_malformed")
    return texts


def _order_details(value: JsonValue, zone: str) -> Json:
    """What an object says of an order; other systems name it by its id alone."""
    found = _inner(value, zone, _OF_ORDER) if isinstance(value, dict) else {}
    return kept_details({_ORDER_NAMES.get(name, name): said for name, said in found.items()})


def _list(reader: Reader) -> Reader:
    def read(value: JsonValue, zone: str) -> list[JsonValue]:
        if not isinstance(value, list):
            raise Invalid("validation_error", of="list")
        if len(value) > MAX_LISTED:
            raise Invalid("count_out_of_range", least=0, most=MAX_LISTED)
        found = list[JsonValue]()
        for place, one in enumerate(value):
            try:
                found.append(reader(one, zone))
            except Invalid as error:
                raise_all([*_within(str(place), error)])
        return found

    return read


def _inner(value: Json, zone: str, readers: Mapping[str, Reader]) -> Json:
    """What an object in a row says of these names. Raises the first that is wrong."""
    wrong: list[Invalid] = []
    read = _Fields(value, zone, wrong)
    found = {name: given for name, reader in readers.items() if (given := read(name, reader)) is not None}
    raise_all(wrong)
    return found


def _feature(value: JsonValue, zone: str) -> FeatureRow:
    """A code, or the feature as an object has it: with the code beside its terms, or in the product's feature."""
    given = value if isinstance(value, dict) else {"code": value}
    return _feature_of(_feature_code(given, zone), given, zone)


def _feature_code(given: Json, zone: str) -> str:
    named = given.get("product_feature") or given.get("code")
    return _text(named.get("code") if isinstance(named, dict) else named, zone)


def _feature_of(code: str, given: Json, zone: str) -> FeatureRow:
    found = _inner(given, zone, _OF_FEATURE)
    if found.pop("allow_unlimited_consumptions", False):
        found["max_consumption"] = None
    return FeatureRow(code, found.pop("expiry_date", None), found)


def _field(value: JsonValue, zone: str) -> tuple[str, str]:
    given = _metadata(value, zone)
    return _text(given.get("name"), zone), _text(given.get("value"), zone)


def _user(value: JsonValue, zone: str) -> UserRow:
    """An email, or the user as an object has it."""
    given = value if isinstance(value, dict) else {"email": value}
    found = _inner(given, zone, _OF_USER)
    email = found.pop("true_email", None) or found.get("email")
    if email is None:
        raise Invalid("email_malformed")
    return UserRow(**found | {"email": email})


def _device(value: JsonValue, zone: str) -> LegacyDevice | None:
    """A hardware id, or the device as an object has it; None for one that is not active."""
    given = value if isinstance(value, dict) else {"hardware_id": value}
    found = _inner(given, zone, _OF_DEVICE)
    if found.pop("device_active", True) is False:
        return None
    if "hardware_id" not in found:
        raise Invalid("missing_parameters")
    if len(found["hardware_id"]) > MAX_HARDWARE_ID:
        raise Invalid("text_too_long", most=MAX_HARDWARE_ID)
    email, os = found.pop("email", None), found.pop("os", None)
    at, last = found.pop("time_activated", None), found.pop("last_check", None)
    return LegacyDevice(DeviceReport(**found, os_ver=os), email and known_email(email), at, last)


_TERMS: Mapping[str, Reader] = {
    "license_type": _one_of(*get_args(LicenseType)),
    "max_activations": _count,
    "overage": _one_of(*get_args(Overage)),
    "floating_users": _count,
    "floating_timeout": _count,
    "max_consumptions": _count,
    "allow_negative_consumptions": _flag,
    "allow_overages": _flag,
    "max_overages": _count,
    "consumption_period": _one_of(*get_args(Period)),
    "max_license_users": _count,
    "validity_period": _end,
    "valid_duration": _duration,
    "start_date": _start,
    "grace_period": _count,
    "renewal_basis": _one_of(*get_args(RenewalBasis)),
    "max_transfers": _transfers,
    "free_resets": _flag,
    "prevent_vm": _flag,
    "is_trial": _flag,
}
_MORE: Mapping[str, Reader] = {
    "name": _text,
    "note": _text,
    "subscription_id": _text,
    "metadata": _metadata,
    "maintenance_period": _end,
}
_OF_FEATURE: Mapping[str, Reader] = {
    "expiry_date": _end,
    "max_consumption": _count,
    "allow_unlimited_consumptions": _flag,
    "allow_overages": _flag,
    "max_overages": _count,
    "reset_consumption": _flag,
    "consumption_period": _one_of(*get_args(Period)),
    "metadata": _metadata,
}
_OF_USER: Mapping[str, Reader] = {
    "email": _text,
    "true_email": _text,
    "first_name": _text,
    "last_name": _text,
    "phone_number": _text,
    "max_activations": _count,
    "is_manager": _flag,
}
_ORDER_NAMES = {"type": "order_type"}
"""Names that the public API's columns have for what it calls otherwise."""
_OF_ORDER: Mapping[str, Reader] = {
    "type": _text,
    **dict.fromkeys(TEXTS, _text),
    "is_test": _flag,
    "is_trial": _flag,
    "created": _start,
    "metadata": _metadata,
}
_OF_DEVICE: Mapping[str, Reader] = {
    "hardware_id": _text,
    "hostname": _shown,
    "os": _shown,
    "ip": _shown,
    "mac_address": _shown,
    "app_ver": _shown,
    "email": _text,
    "time_activated": _instant,
    "last_check": _instant,
    "device_active": _flag,
}
NAMES = (
    *("id", "license_key", "product", "order_store_id", "customer", "enabled", *_TERMS, *_MORE),
    *("allow_unlimited_activations", "allow_unlimited_license_users"),
    *("allow_unlimited_consumptions", "reset_consumption", "total_consumptions"),
    *("allow_grace_period", "enable_maintenance_period", "is_floating_cloud"),
    *("product_features", "product_custom_fields", "license_users", "devices"),
)
"""What a row may say, and besides `order`, an object of what is said of it; other names are passed over, for other
systems say more."""
LICENSE_COLUMNS = frozenset(
    {
        *NAMES,
        "product__short_code",
        *(f"customer__{name}" for name in ("email", *PROFILE)),
        *(f"order__{name}" for name in _OF_ORDER if name != "metadata"),
    }
)
FEATURE_COLUMNS = frozenset({"license_key", "code", "product_feature", "product_feature__code", *_OF_FEATURE})
DEVICE_COLUMNS = frozenset({"license_key", "id", *_OF_DEVICE})
CUSTOMER_COLUMNS = frozenset({"email", *PROFILE})
"""What the columns of a CSV file may say of each (`import_files.unknown_columns`)."""
