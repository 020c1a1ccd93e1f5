"""What is answered has the fields of the public reference, each with its type: of every object, in every call that
answers it. Fields of ours may stand beside them.

A shape names fields: `int`, `str`, `bool`, `iso` (an instant, or a day), `json` or `null`, with `|` between what it may
be; a list has the shape of its rows.
"""

from collections.abc import Iterator, Mapping
from typing import Any, get_type_hints

import pytest
from typing_extensions import is_typeddict

from chalicelib.domain.instants import from_iso
from chalicelib.management import openapi as management
from chalicelib.management.models import ListBody
from tests.management.calls import CALLS, Made
from tests.management.server import VendorsServer, granted

Shape = Any  # a text, or a dict or list of such


def texts(*names: str) -> dict[str, Shape]:
    return dict.fromkeys(names, "str")


LABEL = {"id": "int", "label_id": "int", "label": "str", "color": "str"}
CUSTOMER = (
    {"id": "int", "total_orders": "int", "total_licenses": "int", "labels": [LABEL], "company": "int"}
    | {"customer_account": "json|null", "clabels_all": "str|null", "cognito_user_pool_id": "str|null"}
    | {"metadata": "json", "license_user": "int|null", "clabels": ["int"]}
    | texts("email", "first_name", "last_name", "company_name", "phone", "reference", "address", "postcode", "city")
    | texts("country", "state")
)
METER = {
    "max_consumption": "int",
    "allow_overages": "bool",
    "max_overages": "int",
    "reset_consumption": "bool",
    "consumption_period": "str|null",
    "metadata": "json",
}
PRODUCT_FEATURE = METER | {
    "id": "int",
    "created_at": "iso",
    "updated_at": "iso",
    "name": "str",
    "code": "str",
    "is_deleted": "bool",
    "feature_type": "str",
    "allow_unlimited_consumptions": "bool",
    "is_floating": "bool",
    "is_floating_cloud": "bool",
    "floating_users": "int",
    "floating_timeout": "int",
    "product": "int",
}
GRANT = METER | {
    "id": "int",
    "product_feature": PRODUCT_FEATURE,
    "total_consumptions": "int",
    "expiry_date": "iso|null",
}
PERSON = {
    "id": "int",
    "last_login": "iso|null",
    "email": "str",
    "true_email": "str",
    "created_at": "iso",
    "updated_at": "iso",
    "is_active": "bool",
    "is_manager": "bool",
    "initial_password": "str|null",
    "is_initial_password": "bool",
    "first_name": "str",
    "last_name": "str",
    "phone_number": "str",
}
USER_OF_LICENSE = PERSON | {
    "is_admin": "bool",
    "is_staff": "bool",
    "subscribed_to_email": "bool",
    "acquired_consent": "bool",
    "max_activations": "int",
    "total_activations": "int",
}
LICENSE = {
    "id": "int",
    "status": "str",
    "floating_in_use_devices": "int",
    "customer": CUSTOMER,
    "product_features": [GRANT],
    "product_custom_fields": ["json"],
    "license_users": [USER_OF_LICENSE],
    "order_store_id": "str|null",
    "active_up_to_date_devices": "int",
    "total_active_devices": "int",
    "product": {"id": "int"},
    "license_type": "str",
    "validity_period": "iso|null",
}
LICENSE_USER = PERSON | {"total_licenses": "int", "customer_accounts": ["json"]}
MANAGER = {
    "id": "int",
    "true_email": "str",
    "is_initial_password": "bool",
    "initial_password": "str|null",
    "first_name": "str",
    "last_name": "str",
    "phone_number": "str",
}
ORDER = {"id": "int", "customer": CUSTOMER}
WHOLE_ORDER = ORDER | {"order_items": [{"id": "int", "product_id": "int", "licenses": [LICENSE]}]}
VARIABLE = {"id": "int", "created_at": "iso", "variable": "str", "value": "str", "device": "int"}
DEVICE_FACTS = (
    {"id": "int", "device_variables": [VARIABLE], "device_active": "bool", "is_vm": "bool"}
    | {"floating_in_use": "bool", "blacklisted": "bool"}
    | dict.fromkeys(("created_at", "updated_at", "time_activated", "last_check"), "iso")
    | dict.fromkeys(("time_deactivated", "validity_period", "floating_last_seen"), "iso|null")
    | texts("hardware_id", "type")
    | dict.fromkeys(("os", "sdk_build_version", "app_ver", "hostname", "ip", "external_ip"), "str|null")
    | dict.fromkeys(("mac_address", "vm_info"), "str|null")
)
DEVICE = DEVICE_FACTS | {"license": {"id": "int", "license_key": "str|null"}}
ACTIVATION = {"id": "str", "device": DEVICE_FACTS | {"license": "int"}, "ts": "iso", "action": "str"}
"""Their ids are texts here, and so are those of usage histories and of values of custom fields: docs."""
USAGE = {
    "id": "str",
    "device": "int|null",
    "license_user": "int|null",
    "ts": "iso",
    "source": "str",
    "sdk_version": "str|null",
    "level": "str",
    "text": "str",
    "data": "json",
    "license": "int",
}
IMPORT_RESULT = {
    "id": "int",
    "file_name": "str",
    "status": "str",
    "created_at": "iso",
    "started_at": "iso|null",
    "finished_at": "iso|null",
    "result": "json",
}
FIELD_VALUE = {"id": "str", "value": "str", "license": "int", "product_custom_field": "int"}
FIELD = {
    "id": "int",
    "product_custom_field_enums": ["str"],
    "name": "str",
    "data_type": "str|null",
    "default_value": "str",
    "description": "str|null",
    "product": "int",
}
PRODUCT = (
    dict.fromkeys(("id", "company_id", "trial_days", "max_activations", "floating_users", "max_consumptions"), "int")
    | dict.fromkeys(("max_overages", "floating_timeout"), "int")
    | {"created_at": "iso", "updated_at": "iso", "metadata": "json"}
    | texts("product_name", "short_code", "default_license_type", "authorization_method")
    | dict.fromkeys(("active", "hardware_id_required", "is_upgrade", "allow_trial", "prevent_vm"), "bool")
    | dict.fromkeys(("enable_maintenance_period", "is_floating", "is_floating_cloud", "is_node_locked"), "bool")
    | dict.fromkeys(("is_user_locked", "allow_overages", "reset_consumption", "is_archived", "is_bundle"), "bool")
    | dict.fromkeys(("valid_duration", "maintenance_duration", "subscription_duration"), "str|null")
    | {"consumption_period": "str|null"}
    | {"features": [{"id": "int", "code": "str", "feature_type": "str", "max_consumption": "int", "metadata": "json"}]}
)
CUSTOMER_LABEL = {"id": "int", "label": "str", "color": "str"}
ACCOUNT = {"id": "int"} | texts("name", "code", "description", "phone", "address", "email")
MESSAGE = {"message": "str"}


def page(row: Shape) -> Shape:
    return {"count": "int|null", "next": "str|null", "previous": "str|null", "results": [row]}


def crud(noun: str, row: Shape, *, many: str = "", verbs: str = "list create show change") -> dict[str, Shape]:
    names = {verb: f"{verb}_{noun}" for verb in verbs.split()}
    names["list"] = f"list_{many or noun + 's'}"
    return {name: page(row) if verb == "list" else row for verb, name in names.items()}


ANSWERS: Mapping[str, Shape] = {
    **crud("license", LICENSE),
    "update_features": LICENSE,
    "grant_product_feature": GRANT | {"license": "int"},
    "rotate_license_key": LICENSE,
    "move_one_license": LICENSE,
    "check_license": {"license": LICENSE},
    "show_license_user": LICENSE_USER,
    "change_license_user": PERSON,
    "list_license_users": page(PERSON),
    "assign_user": MESSAGE | {"new_password": "str|null"},
    "assign_users": [{"email": "str", "new_user": "bool", "password": "str|null"}],
    "count_transfers": {"transfer_count": "int"},
    **crud("order", ORDER, verbs="change"),
    "list_orders": page(ORDER),
    "show_order": WHOLE_ORDER,
    "list_managers": [MANAGER],
    "add_one_manager": MANAGER | {"new_user": "bool", "password": "str|null"},
    "add_managers": [MANAGER | {"new_user": "bool", "password": "str|null"}],
    "remove_one_manager": {"detail": "str"},
    **crud("customer", CUSTOMER),
    "merge_customers": CUSTOMER,
    **crud("customer_label", CUSTOMER_LABEL),
    "add_customer_label": {"customer": "int", "customer_label": "int"},
    **crud("customer_account", ACCOUNT),
    **crud("device", DEVICE, verbs="show"),
    **crud("device_variable", VARIABLE, verbs="show change"),
    "list_activation_histories": page(ACTIVATION),
    "show_activation_history": ACTIVATION,
    "list_usage_histories": page(USAGE),
    "show_usage_history": USAGE,
    **crud("license_import_result", IMPORT_RESULT, verbs="show"),
    **crud("feature_import_result", IMPORT_RESULT, verbs="show"),
    **crud("customer_import_result", IMPORT_RESULT, verbs="show"),
    **crud("license_custom_field", FIELD_VALUE),
    **crud("product_custom_field", FIELD),
    **crud("product_feature", PRODUCT_FEATURE),
    **crud("product", PRODUCT),
    "list_products_in_bundle": [PRODUCT],
    "list_bundles_of_product": [PRODUCT],
    "set_password": MESSAGE,
    "set_password_by_email": MESSAGE,
    "unassign_user": MESSAGE,
    "reset_one_license": MESSAGE,
    "enable_license": MESSAGE,
    "disable_license": MESSAGE,
    "reset_device": MESSAGE,
    "blacklist_device": MESSAGE,
}
"""By the names of the calls."""
OURS = {"webhook", "delivery", "deliveries", "webhooks", "license_policies", "license_policy", "scheduled_updates"}
OURS |= {"scheduled_update", "most_devices"}
"""What the public collection has no objects of, or does not show."""
DOCUMENT = management.document()
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {one["operationId"]: one for ways in DOCUMENT["paths"].values() for one in ways.values()}
TYPES = {"integer": "int", "string": "str", "boolean": "bool", "object": "json", "null": "null"}
PYTHON: Mapping[type, str] = {int: "int", str: "str", bool: "bool", dict: "json", type(None): "null"}


def alternatives(schema: Any) -> Iterator[Any]:
    """All that a schema lets through, without references."""
    if "$ref" in schema:
        yield from alternatives(SCHEMAS[schema["$ref"].rpartition("/")[2]])
    elif "anyOf" in schema:
        for one in schema["anyOf"]:
            yield from alternatives(one)
    else:
        yield schema


def type_of(schema: Any) -> str:
    if "const" in schema or "enum" in schema:
        return PYTHON[type(schema.get("const", next(iter(schema.get("enum", ())), None)))]
    return TYPES[schema["type"]]


def lacking(schema: Any, shape: Shape, at: str = "") -> list[str]:
    """What a schema lacks of a shape, by the fields' paths."""
    ways = list(alternatives(schema))
    if isinstance(shape, str):
        allowed = set(shape.replace("iso", "str").split("|"))
        found = {"list" if one.get("type") == "array" else type_of(one) for one in ways}
        return [] if found <= allowed | {"null"} and found & allowed else [f"{at}: {shape}, not {sorted(found)}"]
    if isinstance(shape, list):
        rows = [one["items"] for one in ways if one.get("type") == "array"]
        return lacking(rows[0], shape[0], f"{at}[]") if rows else [f"{at}: a list"]
    tried = [
        [
            complaint
            for name, field in shape.items()
            for complaint in (
                lacking(one["properties"][name], field, f"{at}.{name}")
                if name in one.get("required", ())
                else [f"{at}.{name}: lacking"]
            )
        ]
        for one in ways
        if "properties" in one
    ]
    return min(tried, key=len, default=[f"{at}: an object"])


def wrong(value: Any, shape: Shape, at: str = "") -> list[str]:
    """What an answer lacks of a shape, by the fields' paths. What is null or empty says nothing of what it may have."""
    if isinstance(shape, list):
        return [one for row in value for one in wrong(row, shape[0], f"{at}[]")]
    if isinstance(shape, dict):
        present = shape if value is not None else {}
        lacks = [f"{at}.{name}: lacking" for name in present if name not in value]
        return lacks + [
            one for name in present if name in value for one in wrong(value[name], shape[name], f"{at}.{name}")
        ]
    if "iso" in shape and isinstance(value, str):
        from_iso(value)
        return []
    return [] if value is None or PYTHON.get(type(value)) in shape.split("|") else [f"{at}: {shape}, not {value!r}"]


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_documented_with_all_fields_of_the_public_shape(name: str) -> None:
    (granted,) = (answer for status, answer in OPERATIONS[name]["responses"].items() if status in ("200", "201"))
    assert lacking(granted["content"]["application/json"]["schema"], ANSWERS[name]) == []


@pytest.mark.parametrize("declared", [one for one in CALLS if one.name in ANSWERS], ids=lambda one: one.name)
def test_an_answer_has_all_fields_of_the_public_shape(shop: VendorsServer, declared: Any) -> None:
    made = Made.by(shop, declared)
    answer = made.call(shop, declared)
    assert wrong(granted(answer, answer.status_code), ANSWERS[declared.name]) == []


def test_every_answer_of_objects_has_a_shape_or_is_of_ours() -> None:
    left = {one.name for one in CALLS if is_typeddict(one.returns) and one.name not in ANSWERS}
    nouns = {name.partition("_")[2] for name in left if name.startswith(("list_", "show_", "create_", "change_"))}
    assert nouns <= OURS | {"one_order"}
    rows = [get_type_hints(one.returns) for one in CALLS if one.name in ANSWERS and is_typeddict(one.returns)]
    assert all("results" in fields for fields in rows if fields.keys() >= get_type_hints(ListBody).keys())
