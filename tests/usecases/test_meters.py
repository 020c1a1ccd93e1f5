"""Uses of licenses by consumption: what is counted, what is refused, and that a key counts once."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.errors import Denied, Invalid, LimitReached, SeatkeeperError
from chalicelib.domain.license import DeviceReport, License
from chalicelib.domain.meters import Asked, Meter
from chalicelib.usecases import change_license, delete_license
from chalicelib.usecases.add_consumption import add_consumption
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.meters import read_meter, set_consumption
from tests.support import ADMIN, DAY, HOUR, NOW, Vendor

MIDNIGHT = NOW // DAY * DAY + DAY


def metered(vendor: Vendor, **terms: Any) -> License:
    """A license with two devices, which may be used ten times unless said otherwise."""
    license = vendor.issue(license_type="consumption", **{"max_consumptions": 10} | terms)
    for device in ("a", "b"):
        vendor.activate(license, device)
    return license


def use(vendor: Vendor, license: License, amount: int = 1, device: str = "a", **how: Any) -> int:
    """The total that is answered."""
    now = how.pop("now", vendor.now)
    given = (vendor.code, vendor.lookup(license, device), amount, DeviceReport(device), ADMIN)
    return add_consumption(*given, now=now, **how)[1].total


def total(vendor: Vendor, license: License, now: int | None = None) -> int:
    meter = meter_of(vendor, license, now)
    return meter.total


def meter_of(vendor: Vendor, license: License, now: int | None = None) -> Meter:
    meter = read_meter(license, vendor.now if now is None else now)
    assert meter is not None
    return meter


def refused(do: Callable[[], object]) -> str:
    with pytest.raises(SeatkeeperError) as error:
        do()
    return error.value.code


def rows(vendor: Vendor, license: License) -> list[tuple[str, Any, Any]]:
    return [
        (event.type, event.detail.get("day"), event.detail["amount"])
        for event in vendor.history(license)
        if event.type.startswith("consumption")
    ]


def test_uses_add_up_to_the_limit_and_no_further(vendor: Vendor) -> None:
    license = metered(vendor)
    assert [use(vendor, license, 4), use(vendor, license, 5, "b"), use(vendor, license)] == [4, 9, 10]
    with pytest.raises(LimitReached, match="license_not_enough_consumptions") as error:
        use(vendor, license)
    assert (error.value.limit, error.value.used, error.value.license_id) == (10, 10, license.id)
    assert total(vendor, license) == 10
    assert vendor.differences() == []


def test_what_does_not_fit_whole_is_not_counted_in_part(vendor: Vendor) -> None:
    license = metered(vendor)
    use(vendor, license, 8)
    assert refused(lambda: use(vendor, license, 3)) == "license_not_enough_consumptions"
    assert use(vendor, license, 2) == 10


def test_an_unlimited_license_counts_on(vendor: Vendor) -> None:
    license = metered(vendor, max_consumptions=None)
    assert use(vendor, license, 2**40) == 2**40
    assert refused(lambda: use(vendor, license, 2**53 - 1)) == "license_not_enough_consumptions"


@pytest.mark.parametrize(
    ("terms", "asked", "most"),
    [
        ({"allow_overages": True, "max_overages": 5}, Asked(), 15),
        ({"allow_overages": True, "max_overages": 5}, Asked(max_overages=3), 13),
        ({"allow_overages": True, "max_overages": 5}, Asked(max_overages=9), 15),
        ({"allow_overages": True, "max_overages": 5}, Asked(allow_overages=False), 10),
        ({"allow_overages": True}, Asked(), None),
        ({"allow_overages": True}, Asked(max_overages=1), 11),
        ({"max_overages": 5}, Asked(allow_overages=True, max_overages=5), 10),
    ],
)
def test_overages_are_what_the_license_allows_and_the_client_asks_for(
    vendor: Vendor, terms: dict[str, Any], asked: Asked, most: int | None
) -> None:
    license = metered(vendor, **terms)
    if most is None:
        assert use(vendor, license, 1_000, asked=asked) == 1_000
        return
    assert use(vendor, license, most, asked=asked) == most
    assert refused(lambda: use(vendor, license, asked=asked)) == "license_not_enough_consumptions"


def test_uses_are_given_back_where_that_is_sold_and_never_below_none(vendor: Vendor) -> None:
    license = metered(vendor)
    use(vendor, license, 3)
    assert refused(lambda: use(vendor, license, -1)) == "negative_consumptions_not_allowed"
    change_terms(vendor.code, license.id, {"allow_negative_consumptions": True}, ADMIN, now=vendor.now)
    assert use(vendor, license, -2) == 1
    assert refused(lambda: use(vendor, license, -2)) == "negative_consumptions_not_allowed"
    assert use(vendor, license, -1) == 0
    assert vendor.differences() == []


def test_the_same_key_counts_once_and_is_answered_as_the_first(vendor: Vendor) -> None:
    license = metered(vendor)
    assert use(vendor, license, 4, key="k") == 4
    use(vendor, license, 6)  # it is full now
    assert use(vendor, license, 4, key="k") == 4
    assert use(vendor, license, 4, key="k", now=vendor.now + 89 * DAY) == 4
    assert total(vendor, license) == 10
    assert refused(lambda: use(vendor, license, 5, key="k")) == "idempotency_key_reused"
    change_terms(vendor.code, license.id, {"max_consumptions": 20}, ADMIN, now=vendor.now)
    assert use(vendor, license, 4, "b", key="k") == 14  # another device's key
    assert use(vendor, license, 4, key="k", now=vendor.now + 91 * DAY) == 18
    assert vendor.differences() == []


def test_a_lower_limit_takes_nothing_back_and_a_higher_one_is_there_at_once(vendor: Vendor) -> None:
    license = metered(vendor)
    use(vendor, license, 9)
    change_terms(vendor.code, license.id, {"max_consumptions": 5}, ADMIN, now=vendor.now)
    assert refused(lambda: use(vendor, license)) == "license_not_enough_consumptions"
    assert total(vendor, license) == 9
    change_terms(vendor.code, license.id, {"max_consumptions": 12}, ADMIN, now=vendor.now)
    assert use(vendor, license, 3) == 12
    change_terms(vendor.code, license.id, {"max_consumptions": None}, ADMIN, now=vendor.now)
    assert use(vendor, license, 100) == 112
    assert vendor.differences() == []


def test_no_use_at_all_is_no_more_than_there_is_also_beyond_the_limit(vendor: Vendor) -> None:
    license = metered(vendor, allow_overages=True)
    use(vendor, license, 15)
    assert use(vendor, license, 0, asked=Asked(allow_overages=False)) == 15
    change_terms(vendor.code, license.id, {"allow_overages": False}, ADMIN, now=vendor.now)
    assert [use(vendor, license, 0), use(vendor, license, 0, now=vendor.now + DAY)] == [15, 15]
    assert vendor.differences() == []


def test_a_period_ends_at_its_instant_and_no_clock_that_is_behind_counts_in_it_again(vendor: Vendor) -> None:
    license = metered(vendor, consumption_period="daily")
    assert use(vendor, license, 10, now=MIDNIGHT - 1) == 10
    assert refused(lambda: use(vendor, license, now=MIDNIGHT - 1)) == "license_not_enough_consumptions"
    assert (total(vendor, license, MIDNIGHT - 1), total(vendor, license, MIDNIGHT)) == (10, 0)
    assert use(vendor, license, 7, now=MIDNIGHT) == 7
    assert use(vendor, license, 2, "b", now=MIDNIGHT - HOUR) == 9
    assert refused(lambda: use(vendor, license, 2, now=MIDNIGHT - HOUR)) == "license_not_enough_consumptions"
    assert rows(vendor, license) == [("consumption_counted", "2026-11-24", 10)]
    assert vendor.differences() == []


def test_history_has_a_row_for_each_day_and_none_for_each_use(vendor: Vendor) -> None:
    license = metered(vendor, max_consumptions=100)
    for day, amount in ((0, 3), (0, 4), (2, 5), (3, 6)):
        use(vendor, license, amount, now=vendor.now + day * DAY)
    assert [row[2] for row in rows(vendor, license)] == [7, 5]
    assert (total(vendor, license), meter_of(vendor, license).day_total) == (18, 6)
    assert vendor.differences() == []


def test_another_period_counts_on_or_begins_anew_as_its_begin_lies(vendor: Vendor) -> None:
    license = metered(vendor)
    use(vendor, license, 6)
    change_terms(vendor.code, license.id, {"consumption_period": "monthly"}, ADMIN, now=vendor.now)
    assert (total(vendor, license), use(vendor, license, 2)) == (0, 2)
    change_terms(vendor.code, license.id, {"consumption_period": "annually"}, ADMIN, now=vendor.now)
    assert use(vendor, license, 2) == 4  # it is counted from the first of the month
    change_terms(vendor.code, license.id, {"consumption_period": None}, ADMIN, now=vendor.now)
    assert use(vendor, license, 2) == 6
    assert vendor.differences() == []


def test_the_vendor_sets_the_count(vendor: Vendor) -> None:
    license = metered(vendor, consumption_period="daily")
    use(vendor, license, 10)
    set_consumption(vendor.code, license.id, 0, ADMIN, now=vendor.now)
    set_consumption(vendor.code, license.id, 0, ADMIN, now=vendor.now)  # once more changes nothing
    assert use(vendor, license, 4) == 4
    set_consumption(vendor.code, license.id, 12, ADMIN, now=vendor.now)
    assert refused(lambda: use(vendor, license)) == "license_not_enough_consumptions"
    assert sorted((kind, amount) for kind, _, amount in rows(vendor, license)) == [
        ("consumption_counted", 4),
        ("consumption_counted", 10),
        ("consumption_set", -10),
        ("consumption_set", 8),
    ]
    assert use(vendor, license, 1, now=vendor.now + DAY) == 1
    assert vendor.differences() == []
    of_period = [event for event in vendor.history(license) if event.type == "consumption_set"]
    assert {event.detail["counted_from"] for event in of_period} == {"2026-11-24T00:00:00.000Z"}
    with pytest.raises(Invalid):
        set_consumption(vendor.code, license.id, -1, ADMIN, now=vendor.now)


def test_who_may_not_check_may_not_use(vendor: Vendor) -> None:
    license = metered(vendor, validity_period=NOW + 10 * DAY)
    assert refused(lambda: use(vendor, license, device="c")) == "device_not_found"
    assert refused(lambda: use(vendor, license, now=NOW + 11 * DAY)) == "license_expired"
    vendor.deactivate(license, "b")
    assert refused(lambda: use(vendor, license, device="b")) == "device_not_found"
    change_license.set_enabled(vendor.code, license.id, False, ADMIN, now=vendor.now)
    assert refused(lambda: use(vendor, license)) == "license_not_enabled"
    assert total(vendor, license) == 0


def test_a_license_of_another_type_counts_no_uses(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "a")
    assert refused(lambda: use(vendor, license)) == "license_not_consumption"
    assert refused(lambda: set_consumption(vendor.code, license.id, 0, ADMIN, now=vendor.now)) == (
        "license_not_consumption"
    )
    with pytest.raises(Invalid, match="license_without_consumption"):
        change_terms(vendor.code, license.id, {"max_consumptions": 5}, ADMIN, now=vendor.now)
    with pytest.raises(Invalid, match="license_without_consumption"):
        vendor.issue(consumption_period="daily")
    assert read_meter(license, vendor.now) is None


def test_a_deleted_license_leaves_no_meter(vendor: Vendor) -> None:
    license = metered(vendor)
    use(vendor, license)
    delete_license.delete_license(vendor.code, license.id, ADMIN, now=vendor.now)
    assert refused(lambda: use(vendor, license)) == "license_not_found"
    assert read_meter(license, vendor.now) is None


def test_a_check_says_how_much_is_used(vendor: Vendor) -> None:
    license = metered(vendor)
    use(vendor, license, 3)
    checked = vendor.check(license, "a")
    assert checked.meter is not None
    assert checked.meter.total == 3
    with pytest.raises(Denied):
        use(vendor, license, -1)
