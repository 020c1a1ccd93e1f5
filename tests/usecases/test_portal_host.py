"""The host of its own that a company has for its portal: one company's alone, from the write that gives it."""

from contextlib import suppress
from dataclasses import replace

import pytest

from chalicelib.domain.catalog import Company
from chalicelib.domain.errors import AlreadyExists
from chalicelib.runtime import runtime, using
from chalicelib.store.portal_hosts import company_code_of
from chalicelib.threads import ThreadPool
from chalicelib.usecases.branding import company_of_host, face_without_a_read, portal_url_of, set_branding
from chalicelib.usecases.create import find_company
from chalicelib.usecases.delete_company import delete_company
from tests.store.costs import counted
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.support import before_write, refused

MINUTE = 60_000


def give(vendor: Vendor, host: str) -> Company:
    return set_branding(vendor.code, None, None, ADMIN, host=host, now=NOW)


@pytest.fixture
def host(vendor: Vendor) -> str:
    """That no other test has."""
    return f"{vendor.code.lower()}.vendor.test"


def test_a_company_is_found_by_its_host_and_mails_lead_there(vendor: Vendor, host: str) -> None:
    assert portal_url_of(find_company(vendor.code)) == portal_url_of(None) == runtime().settings.portal_url
    company = give(vendor, f" {host.upper()} ")
    assert company == find_company(vendor.code) == company_of_host(host, now=NOW)
    assert portal_url_of(company) == f"https://{host}"


def test_a_server_in_trouble_knows_whose_host_it_is_for_as_long_as_it_runs(vendor: Vendor, host: str) -> None:
    give(vendor, host)
    assert company_of_host(host, now=NOW) == find_company(vendor.code)
    with counted() as cost:
        faces = [face_without_a_read("", host, now=NOW + minutes * MINUTE) for minutes in (0, 2, 60)]
    assert [face and face.code for face in faces] == [vendor.code] * 3
    assert cost.calls == []


def test_a_host_is_one_companys(vendor: Vendor, host: str) -> None:
    other = Vendor()
    give(vendor, host)
    with refused("already_exists"):
        give(other, host)
    assert (company_code_of(host), find_company(other.code).portal_host) == (vendor.code, "")
    assert give(vendor, host) == find_company(vendor.code)


def test_no_company_gets_the_host_of_the_server(vendor: Vendor, host: str) -> None:
    settings = runtime().settings.model_copy(update={"portal_url": f"https://{host.upper()}:8443/licenses"})
    with using(replace(runtime(), settings=settings)), refused("already_exists"):
        give(vendor, host)
    assert company_code_of(host) is None


def test_of_two_companies_that_want_a_host_at_once_one_gets_it(vendor: Vendor, host: str) -> None:
    other = Vendor()
    with before_write(1, lambda: give(other, host)), refused("already_exists"):
        give(vendor, host)
    assert (company_code_of(host), find_company(vendor.code).portal_host) == (other.code, "")


def test_of_many_companies_that_want_a_host_at_once_one_gets_it(vendor: Vendor, host: str) -> None:
    vendors = [vendor, *(Vendor() for _ in range(3))]

    def take(one: Vendor) -> str:
        with suppress(AlreadyExists):
            return give(one, host).code
        return ""

    with ThreadPool(4) as threads:
        got = [task.result() for task in [threads.submit(take, one) for one in vendors]]
    assert [code for code in got if code] == [company_code_of(host)]
    assert [one.code for one in vendors if find_company(one.code).portal_host] == [company_code_of(host)]


def test_a_host_that_is_given_up_is_free_at_once_and_shows_the_new_one_within_a_minute(
    vendor: Vendor, host: str
) -> None:
    other = Vendor()
    give(vendor, host)
    assert company_of_host(host, now=NOW) is not None
    give(vendor, f"www.{host}")
    assert company_of_host(host, now=NOW) is None
    give(other, host)
    assert company_of_host(host, now=NOW) is None
    shown = company_of_host(host, now=NOW + MINUTE)
    assert shown is not None
    assert shown.code == other.code


def test_to_know_a_host_is_one_read_a_minute_and_that_of_the_company(vendor: Vendor, host: str) -> None:
    with counted() as cost:
        assert {company_of_host(named, now=NOW) for named in (host, host, "")} == {None}
    assert len(cost.calls) == 1
    give(vendor, host)
    company_of_host(host, now=NOW + MINUTE)
    with counted() as cost:
        assert company_of_host(host, now=NOW + 2 * MINUTE - 1) is not None
    assert len(cost.calls) == 1


def test_a_deleted_company_frees_its_host_also_one_that_it_gets_meanwhile(vendor: Vendor, host: str) -> None:
    other = Vendor()
    give(vendor, host)
    with before_write(2, lambda: give(vendor, f"www.{host}")) as was_given:
        delete_company(vendor.code)
    assert was_given()
    assert [company_code_of(one) for one in (host, f"www.{host}")] == [None, None]
    assert give(other, host).portal_host == host


def test_a_deleted_company_leaves_a_host_that_is_anothers(vendor: Vendor, host: str) -> None:
    other = Vendor()
    give(vendor, host)

    def move() -> None:
        give(vendor, "")
        give(other, host)

    with before_write(1, move):
        delete_company(vendor.code)
    assert company_code_of(host) == other.code
