"""Numbers and booleans are taken in every form that JSON and a query have for them, and a refusal names its cause."""

from typing import Any

import pytest

from chalicelib.domain.license import License
from tests.licenseapi.objects import granted, refused
from tests.support import Application, Vendor


@pytest.fixture
def license(vendor: Vendor) -> License:
    license = vendor.issue()
    vendor.activate(license, "hw-1")
    return license


def lookup(license: License, **more: Any) -> dict[str, Any]:
    return {"product": "viewer", "license_key": license.license_key, "hardware_id": "hw-1"} | more


def post_raw(application: Application, call: str, body: str) -> Any:
    headers = application.headers() | {"Content-Type": "application/json"}
    return application.http.post(f"/api/v4/{call}", content=body.encode(), headers=headers)


VALUES = {
    '"dark"': "dark",
    '""': "",
    "8": "8",
    "-8": "-8",
    "0": "0",
    "-0": "0",
    "1.0": "1",
    "0.10": "0.1",
    "1e3": "1000",
    "1e21": "1e+21",
    "0.0000001": "1e-7",
    "9007199254740991": "9007199254740991",
    "9007199254740993": "9007199254740992",
    "true": "true",
    "false": "false",
    '"true"': "true",
    '"1.0"': "1.0",
}
"""What is sent for a variable, as JSON, and the text that it is kept and answered as."""


def test_a_variable_is_kept_and_answered_as_the_text_that_javascript_has_for_it(
    application: Application, license: License
) -> None:
    sent = ",".join(f'"v{number}":{value}' for number, value in enumerate(VALUES))
    fields = f'"product":"viewer","license_key":"{license.license_key}","hardware_id":"hw-1"'
    expected = {f"v{number}": text for number, text in enumerate(VALUES.values())}
    for call in ("track_device_variables", "activate_license"):
        answer = granted(post_raw(application, call, f'{{{fields},"variables":{{{sent},"absent":null}}}}'))
        rows = answer["variables"] if call == "activate_license" else answer
        assert {row["variable"]: row["value"] for row in rows} == expected
    kept = granted(application.get("get_device_variables", **lookup(license)))
    assert {row["variable"]: row["value"] for row in kept} == expected


FLAGS = [(True, [True, 1, 1.0, "1", "true", "TRUE", "True"]), (False, [False, 0, 0.0, "0", "false", "False", None, ""])]


def test_a_boolean_is_one_in_every_form(application: Application, vendor: Vendor) -> None:
    vendor.product("metal", "license-key", prevent_vm=True)
    license = vendor.issue("metal")
    for meant, forms in FLAGS:
        for form in forms:
            answer = application.post("activate_license", **lookup(license, product="metal", is_vm=form))
            assert (refused(answer) == "vm_not_allowed") if meant else granted(answer), form
            if not isinstance(form, float | None):
                query = {"product": "metal", "include_latest_version": form}
                granted(application.get("product_details", **query))


def test_an_id_is_one_in_every_form(application: Application, license: License) -> None:
    for form in (license.id, str(license.id), float(license.id), f"000000000000{license.id}", None, ""):
        assert granted(application.post("activate_license", **lookup(license, license_id=form)))["id"] == license.id
    written = str(license.id)
    body = f'{{"product":"viewer","hardware_id":"hw-1","license_id":{written[0]}.{written[1:]}e{len(written) - 1}}}'
    assert granted(post_raw(application, "activate_license", body))["id"] == license.id


INTEGER, SMALL, BOOLEAN = "a whole number", "9007199254740991 or less", "true, false or null"
VALUE = "a text, a number or a boolean"
WRONG: list[tuple[str, Any, str, str]] = [
    ("license_id", "12a", "license_id", INTEGER),
    ("license_id", "-1", "license_id", INTEGER),
    ("license_id", "\uff11\uff12", "license_id", INTEGER),
    ("license_id", " 12", "license_id", INTEGER),
    ("license_id", "1e3", "license_id", INTEGER),
    ("license_id", True, "license_id", INTEGER),
    ("license_id", 1.5, "license_id", INTEGER),
    ("license_id", [1], "license_id", INTEGER),
    ("license_id", 0, "license_id", "give 1 or more"),
    ("license_id", "0", "license_id", "give 1 or more"),
    ("license_id", 2**53, "license_id", SMALL),
    ("license_id", "9" * 5000, "license_id", SMALL),
    ("license_id", 1e300, "license_id", SMALL),
    ("is_vm", 2, "is_vm", BOOLEAN),
    ("is_vm", -1, "is_vm", BOOLEAN),
    ("is_vm", 0.5, "is_vm", BOOLEAN),
    ("is_vm", "yes", "is_vm", BOOLEAN),
    ("is_vm", [], "is_vm", BOOLEAN),
    ("is_vm", {}, "is_vm", BOOLEAN),
    ("variables", {"a": ["x"]}, "variables.a", VALUE),
    ("variables", {"a": {}}, "variables.a", VALUE),
    ("variables", {"a": "x" * 513}, "variables.a", "at most 512 characters"),
    ("variables", {"n" * 65: 1}, "variables", "1 to 64 characters"),
    ("variables", {"n" * 9000: {}}, "variables", "1 to 64 characters"),
    ("variables", {"": 1}, "variables", "1 to 64 characters"),
    ("variables", {f"v{n}": n for n in range(101)}, "variables", "at most 100 entries"),
    ("variables", "a=1", "variables", "a JSON object"),
    ("product", 5, "product", "a text"),
    ("license_key", True, "license_key", "a text"),
]


@pytest.mark.parametrize(("field", "value", "named", "cause"), WRONG)
def test_a_refusal_names_the_field_and_the_cause(
    application: Application, license: License, field: str, value: Any, named: str, cause: str
) -> None:
    answer = application.post("activate_license", **lookup(license, **{field: value}))
    assert refused(answer) == "validation_error"
    message = answer.json()["message"]
    assert message.startswith(f"{named}: ")
    assert cause in message
    assert len(message) < 200
