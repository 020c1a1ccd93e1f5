"""A date alone on the command line is a day of the company's."""

import pytest

from tests.infra.operator import Operator
from tests.portal.browser import browser_of
from tests.support import Vendor
from tests.usecases.people import MANAGER

ISSUE = (
    "license issue --company {} --product viewer --license-type time-limited --max-activations 1 --manager " + MANAGER
)


@pytest.fixture
def operator(capsys: pytest.CaptureFixture[str]) -> Operator:
    return Operator(capsys)


def test_a_date_alone_is_that_days_last_instant_in_the_time_zone_of_the_company(
    operator: Operator, vendor: Vendor
) -> None:
    line = ISSUE.format(vendor.code) + " --validity-period 2030-12-31 --start-date 2030-01-01"
    in_utc = operator.asks(line)
    assert (in_utc["start_date"], in_utc["validity_period"]) == ("2030-01-01T00:00:00.000Z", "2030-12-31T23:59:59.999Z")
    zoned = operator.asks(f"company set --code {vendor.code} --time-zone Europe/Berlin")
    assert zoned["time_zone"] == "Europe/Berlin"
    in_berlin = operator.asks(line)
    assert (in_berlin["start_date"], in_berlin["validity_period"]) == (
        "2029-12-31T23:00:00.000Z",
        "2030-12-31T22:59:59.999Z",
    )
    extended = operator.asks(f"license extend {in_berlin['id']} --validity-period 2031-06-30")
    assert extended["validity_period"] == "2031-06-30T21:59:59.999Z"
    exact = operator.asks(f"license extend {in_utc['id']} --validity-period 2031-07-01T00:00:00Z")
    assert exact["validity_period"] == "2031-07-01T00:00:00.000Z"
    words = browser_of(vendor, MANAGER).get("/portal/licenses").words
    assert "30 Jun 2031" in words
    assert "1 Jul 2031" in words
    moved = [operator.asks(f"license extend {in_berlin['id']} --by 4m")["validity_period"] for _ in range(2)]
    assert moved == ["2031-10-31T22:59:59.999Z", "2032-02-29T22:59:59.999Z"]
    assert operator.asks(f"company set --code {vendor.code} --time-zone ''")["time_zone"] == "UTC"


def test_what_is_no_time_zone_is_one_sentence(operator: Operator, vendor: Vendor) -> None:
    said = operator.refused(f"company set --code {vendor.code} --time-zone CEST")
    assert said.startswith("--time-zone: give a name of the IANA list, such as Europe/Berlin; see ")
