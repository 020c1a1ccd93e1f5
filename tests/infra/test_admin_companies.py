"""The commands for companies, as they answer."""

from pathlib import Path

from chalicelib.store import accounts
from chalicelib.usecases import create
from chalicelib.web.errors import ERRORS
from tests.infra.operator import Operator
from tests.support import Vendor


def test_companies_are_listed_by_their_codes_page_by_page(operator: Operator, vendor: Vendor) -> None:
    codes = [f"{vendor.code}-{letter}" for letter in "ABC"]
    for code in codes:
        operator.asks(f"company create --code {code} --name 'Of {code}'")
    page = operator.asks(f"company list --after {vendor.code} --limit 2")
    assert [(row["code"], row["name"]) for row in page["companies"]] == [(code, f"Of {code}") for code in codes[:2]]
    assert page["after"] == codes[1]
    rows = operator.asks(f"company list --after {codes[1]} --limit 1")["companies"]
    assert [row["code"] for row in rows] == codes[2:]


def test_a_company_is_shown_with_all_that_it_says_of_itself_and_how_much_it_has(
    operator: Operator, vendor: Vendor
) -> None:
    vendor.issue()
    operator.asks(f"company set --code {vendor.code} --accent '#0a6e5c' --time-zone Europe/Berlin")
    operator.asks(f"company mail --code {vendor.code} --language de --off seat_given --reply-to sales@vendor.test")
    operator.asks(f"company policy --code {vendor.code} --second-factor managers")
    shown = operator.asks(f"company show {vendor.code}")
    assert (shown["accent"], shown["logo"], shown["time_zone"]) == ("#0a6e5c", False, "Europe/Berlin")
    assert (shown["language"], shown["off"], shown["reply_to"]) == ("de", "seat_given", "sales@vendor.test")
    assert (shown["second_factor"], shown["support_email"]) == ("managers", None)
    assert {noun: shown[noun] for noun in ("licenses", "orders", "customers", "users")} == {
        "licenses": 1,
        "orders": 1,
        "customers": 1,
        "users": 0,
    }
    assert operator.refused(f"company show {vendor.code}-X") == ERRORS["company_not_found"][1]


def test_a_new_company_has_its_code_in_capitals_and_is_listed(operator: Operator, vendor: Vendor) -> None:
    code = f"{vendor.code}-2"
    answer = operator.asks(f"company create --code ' {code.lower()} ' --name 'Zwei & Söhne '")
    assert answer == {"code": code, "id": create.find_company(code).id, "name": "Zwei & Söhne"}
    assert code in list(accounts.company_codes())


def test_a_company_gets_a_name_a_color_and_a_logo(operator: Operator, vendor: Vendor, tmp_path: Path) -> None:
    drawing = '<svg xmlns="http://www.w3.org/2000/svg"/>'
    (tmp_path / "logo.svg").write_bytes(b"\xef\xbb\xbf" + drawing.encode())  # as some editors begin a file
    line = f"company set --code {vendor.code}"
    (tmp_path / "dark.svg").write_text(drawing)
    files = f"--logo {tmp_path}/logo.svg --logo-dark {tmp_path}/dark.svg"
    answer = operator.asks(f"{line} --name 'Qbitec GmbH' --accent '#0A6E5C' {files}")
    company = create.find_company(vendor.code)
    shown = {"code": vendor.code, "id": company.id, "name": "Qbitec GmbH"}
    shown |= {"time_zone": "UTC", "portal_host": None}
    assert answer == shown | {"accent": "#0a6e5c", "logo": True, "logo_dark": True}
    assert (company.name, company.accent) == ("Qbitec GmbH", "#0a6e5c")
    assert (company.logo, company.logo_dark) == (drawing, drawing)
    shown |= {"accent": None, "logo": False, "logo_dark": False}
    assert operator.asks(f"{line} --accent '' --logo '' --logo-dark ''") == shown


def test_a_company_has_a_host_of_its_own_for_the_portal(operator: Operator, vendor: Vendor) -> None:
    line, host = "company set --code {} --portal-host {}", f"{vendor.code.lower()}.vendor.test"
    assert operator.asks(line.format(vendor.code, host.upper()))["portal_host"] == host
    other = Vendor()
    assert "--portal-host: the host is another company's." in operator.refused(line.format(other.code, host))
    assert operator.asks(line.format(vendor.code, "''"))["portal_host"] is None
    assert operator.asks(line.format(other.code, host))["portal_host"] == host


def test_a_company_says_how_its_mails_are_written(operator: Operator, vendor: Vendor) -> None:
    line = f"company mail --code {vendor.code}"
    answer = operator.asks(f"{line} --reply-to Sales@vendor.test --support-email help@vendor.test --language de")
    assert (answer["reply_to"], answer["support_email"]) == ("sales@vendor.test", "help@vendor.test")
    answer = operator.asks(f"{line} --reply-to '' --off 'seat_given, new_log_in'")
    assert (answer["reply_to"], answer["language"], answer["off"]) == (None, "de", "new_log_in, seat_given")
    assert create.find_company(vendor.code).mails_off == {"seat_given", "new_log_in"}
    assert operator.asks(f"{line} --off ''")["off"] == "none"
    refused = operator.refused(f"{line} --off code_requested,spam")
    assert "--off: code_requested, spam: a company switches off" in refused


def test_a_company_is_deleted_by_its_code_said_twice(operator: Operator, vendor: Vendor) -> None:
    vendor.issue()
    assert operator.refused(f"company delete {vendor.code}").startswith(
        "the following arguments are required: --confirm"
    )
    value_beside = f"--confirm: QBITEC is not {vendor.code}: nothing is deleted."
    assert operator.refused(f"company delete {vendor.code} --confirm QBITEC") == value_beside
    assert len(operator.asks(f"audit --company {vendor.code}")["differences"]) == 0
    deleted = operator.asks(f"company delete {vendor.code} --confirm {vendor.code}")
    assert deleted == {"code": vendor.code, "deleted": True, "items": deleted["items"]}
    assert deleted["items"] > 10
    assert operator.refused(f"company delete {vendor.code} --confirm {vendor.code}") == ERRORS["company_not_found"][1]
