"""Each admin command is one log record, of the shape of a request's, that tells nothing personal."""

import json
import logging
import re
from collections.abc import Iterator

import pytest

from chalicelib.observability import FIELDS
from tests.infra.operator import Operator
from tests.store.faults import out_of_reach, wire
from tests.support import Vendor

ADA, KEY = "ada@customer.test", "OWNKEY-1234"
SECRETS = {"shared_key", "api_key", "manager_initial_password", "secret", "management_key"}
ISSUE = (
    f"license issue --company {{code}} --product viewer --license-type perpetual --max-activations 1 --customer {ADA} "
    f"--manager {ADA} --license-key {KEY} --order secret-order --as Petra"
)


@pytest.fixture(autouse=True)
def _logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SEATKEEPER_LOG", "brief")
    handlers = logging.getLogger().handlers
    yield
    logging.getLogger().handlers = handlers


@pytest.mark.parametrize(
    ("line", "exit_code", "outcome"),
    [
        (ISSUE, 0, "ok"),
        ("apikey create --company {code} --origin https://app.example", 0, "ok"),
        ("management-key create --company {code} --name King --scope webhooks:read", 0, "ok"),
        (f"user assign --license {{license}} --email {ADA} --first-name Ada --last-name King", 0, "ok"),
        (f"user remove --license {{license}} --email {ADA}", 2, "user_not_found"),
        ("webhook create --company {code} --url https://hooks.example/secret-path --event user.locked", 0, "ok"),
        ("explain --company {code} --license {license} --hardware-id my-laptop", 0, "ok"),
        ("explain --company {code} --license OTHER-KEY", 2, "validation_error"),
        ("product create --company {code} --code viewer --name X --authorization-method user", 2, "already_exists"),
        ("company delete {code} --confirm OTHER", 2, "validation_error"),
    ],
)
def test_a_command_is_one_record_that_names_nobody(
    operator: Operator, vendor: Vendor, line: str, exit_code: int, outcome: str
) -> None:
    license = vendor.issue("revit", max_license_users=3)
    code, output, errors = operator.run(line.format(code=vendor.code, license=license.id) + " --json")
    (text,) = [said for said in errors.splitlines() if said.startswith("{")]
    record = json.loads(text)
    words = re.split(" --| {| [A-Z]", line)[0]
    assert (code, record["kind"], record["command"], record["outcome"]) == (exit_code, "command", words, outcome)
    assert record.keys() <= set(FIELDS)
    assert len(record["request_id"]) == 16
    assert record["duration_ms"] > 0
    assert record.get("license_id", license.id) == license.id
    answer = json.loads(output or "{}")
    given = {ADA, "Ada", "King", KEY, "OTHER-KEY", "secret-order", "my-laptop", "Petra", "app.example", "secret-path"}
    shown = {value for name, value in answer.items() if name in SECRETS}
    assert [secret for secret in given | shown if secret and str(secret) in text] == []


def test_what_may_have_been_done_or_not_names_the_request_id(operator: Operator, vendor: Vendor) -> None:
    with wire(out_of_reach):
        code, output, errors = operator.run(ISSUE.format(code=vendor.code))
    text, sentence = errors.splitlines()
    record = json.loads(text)
    assert (code, output, record["outcome"]) == (3, "", "service_busy")
    assert record["unavailable_reason"].startswith("database_busy")
    assert sentence.endswith(f"Its log record has the request id {record['request_id']}.")


def test_nothing_is_written_where_records_are_off(
    operator: Operator, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SEATKEEPER_LOG")
    assert "{" not in operator.noted(f"apikey create --company {vendor.code}")
    with wire(out_of_reach):
        assert "request id" not in operator.run(f"apikey create --company {vendor.code}")[2]
