"""Commands that make something are repeated safely: by what they name, or by a key of the operator's own."""

from typing import Never

import pytest

from chalicelib.store import accounts, licenses
from chalicelib.usecases.customer_accounts import find_customer_accounts
from chalicelib.usecases.customer_labels import find_customer_labels
from chalicelib.usecases.endpoints import find_endpoints
from chalicelib.usecases.management_keys import find_management_keys
from infra.admin.command_table import COMMANDS
from tests.infra.operator import Operator
from tests.store.faults import wire
from tests.store.seam import Request, Send
from tests.support import Vendor

MAKING = {"create", "issue", "assign", "add-manager"}
LINES = {
    "company create": "--code {code}-2 --name Second",
    "management-key create": "--company {code} --name CRM --scope webhooks:read",
    "apikey create": "--company {code} --product viewer --product revit",
    "product create": "--company {code} --code new --name New --authorization-method user",
    "feature create": "--company {code} --product viewer --code dwg --name DWG --type activation",
    "field create": "--company {code} --product viewer --name Region",
    "policy create": "--company {code} --product viewer --code studio --name Studio --max-activations 5",
    "license issue": "--company {code} --product viewer --license-type perpetual --max-activations 5 "
    "--order A-17 --customer office@customer.test --manager ann@customer.test",
    "order create": "--company {code} --order A-18 --product viewer --licenses 2 --manager ann@customer.test",
    "order add-manager": "--company {code} --order A-1 --email ann@customer.test",
    "user assign": "--license {license} --email ann@customer.test",
    "customer create": "--company {code} --email buying@other.test",
    "label create": "--company {code} --text reseller",
    "customer-account create": "--company {code} --name Studio",
    "webhook create": "--company {code} --url https://hooks.example/in --event user.locked",
}
KEYED = {command.name for command in COMMANDS if any(option.name == "--idempotency-key" for option in command.options)}

OF_NO_SECRET = {"label create", "customer-account create"}


def made(vendor: Vendor) -> tuple[int, ...]:
    """How many licenses, keys of both APIs, seats, webhooks, labels and customer accounts there are."""
    ids = list(licenses.license_ids(vendor.code))
    seats = sum(len(list(licenses.seats(vendor.code, license_id))) for license_id in ids)
    keys = len(list(accounts.read_api_keys(vendor.code))), len(find_management_keys(vendor.code))
    of_customers = len(find_customer_labels(vendor.code)), len(find_customer_accounts(vendor.code))
    return len(ids), *keys, seats, len(find_endpoints(vendor.code)), *of_customers


@pytest.mark.parametrize("name", [c.name for c in COMMANDS if c.name.split()[-1] in MAKING and "secrets" not in c.name])
def test_what_makes_something_makes_no_second_one_when_it_is_repeated(
    operator: Operator, vendor: Vendor, name: str
) -> None:
    license = vendor.issue("revit", "boss@customer.test", order_id="A-1")
    line = f"{name} {LINES[name].format(code=vendor.code, license=license.id)}"
    line += " --idempotency-key job-7" if name in KEYED else ""
    first, known = operator.asks(line), made(vendor)
    code, output, _ = operator.run(f"{line} --json")
    assert (code, made(vendor)) == (0 if output else 2, known)
    if name in KEYED:
        assert operator.asks(line) == first
        assert "made before" in operator.noted(line)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("apikey create", "--read-only"),
        ("license issue", "--trial"),
        ("webhook create", "--event '*'"),
        ("management-key create", "--scope orders:read"),
    ],
)
def test_a_key_is_good_for_one_command_of_one_company(operator: Operator, vendor: Vendor, name: str, more: str) -> None:
    line = f"{name} {LINES[name].format(code=vendor.code)} --idempotency-key job-7"
    operator.asks(line)
    known, other = made(vendor), Vendor(now=vendor.now)
    assert operator.refused(f"{line} {more}").startswith("--idempotency-key: ")
    assert made(vendor) == known
    assert operator.asks(line.replace(vendor.code, other.code))["company"] == other.code
    operator.asks(line.replace("job-7", "job-8"))
    assert made(vendor) != known


class Died(BaseException):
    """The process is gone."""


def died(request: Request, send: Send) -> Never:
    send(request)
    raise Died


@pytest.mark.parametrize("name", sorted(KEYED))
def test_a_repeat_after_a_death_behind_the_write_makes_nothing_and_tells_what_was_made(
    operator: Operator, vendor: Vendor, name: str
) -> None:
    line, before = f"{name} {LINES[name].format(code=vendor.code)} --idempotency-key 'job 7'", made(vendor)
    with wire(died), pytest.raises(Died):
        operator.run(line)
    known = made(vendor)
    assert known != before
    answer = operator.asks(line)
    assert made(vendor) == known
    names = {str(license_id) for license_id in licenses.license_ids(vendor.code)}
    names |= {key.api_key for key in accounts.read_api_keys(vendor.code)}
    names |= {str(endpoint.id) for endpoint in find_endpoints(vendor.code)}
    names |= {str(key.id) for key in find_management_keys(vendor.code)}
    names |= {str(label.id) for label in find_customer_labels(vendor.code)}
    names |= {str(account.id) for account in find_customer_accounts(vendor.code)}
    assert str(answer.get("id", answer.get("api_key"))) in names
    secrets = [answer.get(name) for name in ("shared_key", "manager_initial_password", "secret", "management_key")]
    assert any(secrets) == (name not in OF_NO_SECRET)
