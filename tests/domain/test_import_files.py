"""Files of imports: CSV, JSON and lines of JSON come to the same rows, and these to licenses."""

import json
from typing import Any

import pytest

from chalicelib.domain.adoption import LegacyDevice
from chalicelib.domain.days import first_instant, last_instant, read_moment
from chalicelib.domain.errors import Invalid
from chalicelib.domain.import_files import MAX_SHOWN, FileRow, read_rows, rows_with, unknown_columns
from chalicelib.domain.license import DeviceReport
from chalicelib.domain.license_rows import LICENSE_COLUMNS, FeatureRow, LicenseRow, UserRow, feature_row, license_row

OBJECTS = [{"license_key": "A", "product": {"short_code": "viewer"}}, {"license_key": "B"}]


def rows(text: str) -> list[dict[str, Any]]:
    return [row.row for row in read_rows(text)]


@pytest.mark.parametrize("none", [None, "", " "])
def test_what_is_said_of_all_rows_is_said_of_one_that_has_it_empty(none: str | None) -> None:
    said = {"product": {"short_code": "viewer"}, "customer": {"email": "a@b.test"}}
    for empty in (none, {"email": none}):
        given = [FileRow(1, {"license_key": "A", "product": none, "customer": empty})]
        assert [one.row for one in rows_with(said, given)] == [{"license_key": "A"} | said]


def row(**more: Any) -> LicenseRow:
    return license_row({"license_key": "A", "product": "viewer"} | more, "Europe/Berlin")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(OBJECTS),
        json.dumps({"count": 2, "next": None, "results": OBJECTS}, indent=2),
        "\n".join(map(json.dumps, OBJECTS)),
        "\ufeff\n" + "\r\n\r\n".join(map(json.dumps, OBJECTS)) + "\n",
        "license__license_key,product__short_code\nA,viewer\n\n B ,\n",
        "product__short_code;license_key\r\nviewer;A\r\n;'B\r\n".replace("'B", "B"),
        'license_key\tproduct__short_code\n"A"\tviewer\n"B"\n',
    ],
)
def test_a_file_has_the_same_rows_however_it_is_written(text: str) -> None:
    assert rows(text) == OBJECTS


def test_cells_hold_several_features_users_and_fields() -> None:
    head = "license__license_key,features,users,field__Region,metadata,customer__email,customer__city"
    line = 'A,export; beta=2027-12-31,ann@b.test;bob@b.test,EU,"{""a"": 1}",ada@b.test,Ulm'
    assert rows(f"{head}\n{line}") == [
        {
            "license_key": "A",
            "product_features": [
                {"code": "export", "expiry_date": ""},
                {"code": "beta", "expiry_date": "2027-12-31"},
            ],
            "license_users": ["ann@b.test", "bob@b.test"],
            "product_custom_fields": [{"name": "Region", "value": "EU"}],
            "metadata": {"a": 1},
            "customer": {"email": "ada@b.test", "city": "Ulm"},
        }
    ]


@pytest.mark.parametrize("text", ["", " \n", "\ufeff", ",".join(map(str, range(300)))])
def test_a_file_without_rows_or_with_too_many_columns_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        list(read_rows(text))


def test_columns_that_say_nothing_are_named() -> None:
    known = (
        "license__license_key,license_key,id,product,product__short_code,order__store_id,order_store_id,features,users"
    )
    more = "field__Region,metadata,metadata__crm,customer,customer__email,customer__city,license__overage"
    more += ",product_features,order__type,order__is_trial,order__reference"
    wrong = ["license__max_activation", "customer__emial", "field__", "order__id", "order", "license__field"]
    assert unknown_columns(f"\ufeff{known},{more},,{','.join(wrong)}\n", LICENSE_COLUMNS) == wrong
    assert unknown_columns("license_key;nonsense\nA;1", LICENSE_COLUMNS) == ["nonsense"]
    assert unknown_columns(f"license_key,{'x' * 300}\n", LICENSE_COLUMNS) == ["x" * MAX_SHOWN]


@pytest.mark.parametrize("text", ["", '[{"nonsense": 1}]', '{"nonsense": 1}\n{"nonsense": 2}'])
def test_what_other_systems_say_more_in_json_is_no_column(text: str) -> None:
    assert unknown_columns(text, LICENSE_COLUMNS) == []


def test_a_line_that_cannot_be_read_is_a_row_that_says_so() -> None:
    found = list(read_rows('{"license_key": "A"}\nnonsense\n[1]\n'))
    assert [read.problem is None for read in found] == [True, False, False]
    assert found[0] == FileRow(1, {"license_key": "A"})


@pytest.mark.parametrize("value", ['"\\ud83d"', "NaN", "1e999", "9" * 5000])
def test_a_row_that_could_not_be_written_again_is_none(value: str) -> None:
    for file in (f'{{"id": {value}}}\n{{"id": 2}}', f'[{{"id": {value}}}, {{"id": 2}}]'):
        assert all(read.problem is not None for read in read_rows(file) if read.row != {"id": 2})


@pytest.mark.parametrize("order", ["x" * 101, "a\x07b"])
def test_an_order_is_named_as_when_it_is_sold(order: str) -> None:
    with pytest.raises(Invalid) as refused:
        row(order_store_id=order)
    assert [(error.code, error.field) for error in refused.value.errors or (refused.value,)] == [
        ("name_length", "order_store_id")
    ]


def test_a_row_says_its_terms_as_texts_or_as_values() -> None:
    as_texts = {"max_activations": "5", "is_trial": "true", "max_transfers": "-1", "enabled": "0"}
    as_values = {"max_activations": 5, "is_trial": True, "max_transfers": -1, "enabled": False}
    for said in (as_texts, as_values):
        read = row(**said)
        assert (read.terms, read.enabled) == ({"max_activations": 5, "is_trial": True, "max_transfers": -1}, False)


def test_a_date_is_a_day_in_the_time_zone_of_the_company() -> None:
    read = row(validity_period="2030-12-31", start_date="2026-01-01", maintenance_period="2028-01-01T00:00:00Z")
    zone = "Europe/Berlin"
    assert read.terms == {
        "license_type": "time-limited",
        "validity_period": last_instant(read_moment("2030-12-31"), zone),
        "start_date": first_instant(read_moment("2026-01-01"), zone),
    }
    assert read.more == {"maintenance_period": read_moment("2028-01-01T00:00:00Z")}


def test_no_limit_is_said_as_the_management_api_says_it() -> None:
    said = {"max_activations": 0, "allow_unlimited_activations": True, "max_license_users": 0, "max_transfers": 0}
    read = row(**said, allow_grace_period=False, grace_period=7, enable_maintenance_period=False)
    assert read.terms == {"max_activations": None, "max_license_users": None, "max_transfers": 0, "grace_period": 0}
    assert read.more == {"maintenance_period": None}


def test_uses_that_are_counted_come_along_and_what_is_not_counted_says_so_as_the_apis_do() -> None:
    nothing = {"max_consumptions": 0, "reset_consumption": False, "consumption_period": None, "allow_overages": False}
    assert row(**nothing, total_consumptions=0).terms == {}
    counted = {"license_type": "consumption", "max_consumptions": 50, "consumption_period": "daily"}
    read = row(**counted, allow_overages="true", max_overages="5", total_consumptions="7")
    assert (read.terms, read.total) == (counted | {"allow_overages": True, "max_overages": 5}, 7)
    unlimited = row(**counted | {"allow_unlimited_consumptions": True, "reset_consumption": False})
    assert unlimited.terms == {"license_type": "consumption", "max_consumptions": None, "consumption_period": None}


def test_what_is_not_floating_says_so_as_the_apis_do() -> None:
    assert row(is_floating_cloud=False, floating_users=5, floating_timeout=0).terms == {"floating_users": 0}
    assert row(floating_users="0", floating_timeout="0").terms == {"floating_users": 0}
    floating = {"floating_users": 5, "floating_timeout": 30}
    assert row(is_floating_cloud=True, **floating).terms == floating


def test_an_end_comes_before_the_duration_that_has_made_it() -> None:
    assert "valid_duration" not in row(validity_period="2030-12-31", valid_duration="1y").terms
    assert row(valid_duration="12m").terms == {"valid_duration": "12m", "license_type": "time-limited"}


def test_what_belongs_to_a_license_is_said_in_short_or_whole() -> None:
    feature = {"product_feature": {"code": "beta"}, "max_consumption": 0, "allow_unlimited_consumptions": True}
    user = {"true_email": "ann@b.test", "email": "ann@b.test|x", "last_name": "Lee", "max_activations": 2}
    device = {"hardware_id": "h-1", "os": "Win\x07", "email": "ANN@b.test", "time_activated": "2026-01-01T00:00:00Z"}
    read = row(
        product_features=["export", feature],
        license_users=["bob@b.test", user],
        devices=["h-2", device, {"hardware_id": "h-3", "device_active": False}],
        customer="ada@b.test",
    )
    assert read.features == [FeatureRow("export"), FeatureRow("beta", None, {"max_consumption": None})]
    assert read.users == [UserRow("bob@b.test"), UserRow("ann@b.test", last_name="Lee", max_activations=2)]
    at = read_moment("2026-01-01T00:00:00Z")
    assert read.devices == [
        LegacyDevice(DeviceReport("h-2")),
        LegacyDevice(DeviceReport("h-1", os_ver="Win\u2407"), "ann@b.test", at if isinstance(at, int) else None),
    ]
    assert read.customer == {"email": "ada@b.test"}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"max_activations": "many"}, "count_malformed"),
        ({"is_trial": "perhaps"}, "boolean_malformed"),
        ({"validity_period": "31.12.2030"}, "date_malformed"),
        ({"valid_duration": "soon"}, "duration_malformed"),
        ({"license_type": "rented"}, "not_offered_yet"),
        ({"metadata": "[1]"}, "validation_error"),
        ({"product_features": "export"}, "validation_error"),
        ({"product_features": [{"code": 7}]}, "validation_error"),
        ({"license_users": [{"first_name": "Ann"}]}, "email_malformed"),
        ({"customer": {"city": "Ulm"}}, "email_malformed"),
        ({"devices": [{}]}, "missing_parameters"),
        ({"devices": ["x" * 256]}, "text_too_long"),
        ({"license_key": None}, "missing_parameters"),
        ({"product": ""}, "missing_parameters"),
    ],
)
def test_what_is_wrong_is_said_by_its_field(wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        row(**wrong)
    ((name, value),) = wrong.items()
    assert (refused.value.code, refused.value.field) == (code, f"{name}.0" if isinstance(value, list) else name)


@pytest.mark.parametrize(
    "wrong", [{"license_key": ""}, {"code": 7}, {"expiry_date": "31.12.2030"}, {"max_consumption": "many"}]
)
def test_what_is_wrong_of_a_feature_is_said_by_its_column(wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        feature_row({"license_key": "A", "code": "export"} | wrong, "")
    assert refused.value.field == next(iter(wrong))


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        row(max_activations="x", is_trial="x", product=None)
    assert [error.field for error in refused.value.errors] == ["max_activations", "is_trial", "product"]
