"""What operators get wrong: one clear sentence on standard error, exit 2, and nothing half done."""

import io
import re
import shlex
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.domain.license import License
from chalicelib.domain.terms import Terms
from chalicelib.store import accounts, licenses
from chalicelib.store.products import read_product
from chalicelib.usecases.endpoints import find_endpoints
from infra.admin.command import Command, Option
from infra.admin.command_table import COMMANDS
from infra.admin.main import function_of
from infra.admin.parser import PROG, UsageError, read_command_line
from infra.serve import ROOT
from tests.infra.operator import Operator
from tests.support import DAY, Vendor

EMAIL = "don.joe@qbitec.com"
ISSUE = "license issue --company {company} --product viewer --license-type perpetual --max-activations 1"
WEBHOOK_VERBS = (
    *("webhook set --pause", "webhook resend --since 2026-01-01"),
    *(f"webhook {verb}" for verb in ("rotate-secret", "delete", "test", "log", "show")),
)
HOOK = "webhook create --company {company} --url https://hooks.example/in"
TIMED = "license issue --company {company} --product viewer --license-type time-limited --max-activations 1"


@pytest.fixture
def seat(vendor: Vendor) -> License:
    """A user-based license of five activations and one user, who has a seat."""
    license = vendor.issue("revit", max_license_users=1)
    vendor.assign(license, EMAIL)
    return vendor.stored(license)


# --- the command line --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "the following arguments are required: NOUN; see .venv/bin/python -m infra.admin --help."),
        ("licence show 1", "NOUN: invalid choice: 'licence'"),
        ("license", "the following arguments are required: VERB; see .venv/bin/python -m infra.admin license --help."),
        ("license lists", "VERB: invalid choice: 'lists'"),
        (
            "license show",
            "the following arguments are required: ID; see .venv/bin/python -m infra.admin license show --help.",
        ),
        ("license show 1 2", "unrecognized arguments: 2"),
        (
            "license show 1 --jso",
            "unrecognized arguments: --jso; see .venv/bin/python -m infra.admin license show --help.",
        ),
        (
            "license show x --jso",
            "license: 'x' is no license id: a whole number from 1 to 9007199254740991; unrecognized",
        ),
        ("license show 1 --json -x", "unrecognized arguments: -x"),
        ("license show 1 --company a --company b", "--company: give it once"),
        ("license show 1 --home a --home b", "--home: give it once"),
        ("license show 1 --stage dev --stage dev", "--stage: give it once"),
        ("company create --code A", "the following arguments are required: --name"),
        ("company create --code --name", "--code: expected one argument"),
        ("license list --company --", "--company: a company code is 1 to 32 of A-Z, 0-9 and inner dashes"),
        ("license show 1 --stage --", "--stage: expected one argument"),
        ("company create --code A_B --name B", "--code: a company code is 1 to 32 of A-Z, 0-9 and inner dashes"),
        ("company create --code A --name ' '", "--name: give 1 to 200 printable characters"),
        ("company create --code A --name 'a\tb'", "--name: give 1 to 200 printable characters"),
        ("product create --company A --code 'a b' --name b", "--code: a product code is 1 to 64 letters"),
        (
            "product create --company A --code a --name b --authorization-method key",
            "--authorization-method: 'key' is none of license-key, user",
        ),
        ("user set-password --license 1 --email a@b.example --password x", "unrecognized arguments: --password x"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_one_sentence(operator: Operator, line: str, sentence: str) -> None:
    assert operator.refused(line).startswith(sentence)


def test_all_that_is_wrong_is_told_at_once(operator: Operator, vendor: Vendor) -> None:
    said = operator.refused("product create --company A_B --code 'a b' --name b")
    assert [part.partition(":")[0] for part in said.split("; ")[:3]] == [
        "--company",
        "--code",
        "the following arguments are required",
    ]
    line = f"license issue --company {vendor.code} --product viewer --license-type perpetual --max-activations 10000001"
    assert operator.refused(f"{line} --max-license-users 1 --grace-period 1") == (
        "--grace-period: a license without an end has no grace period. --max-activations: give 0 to 10000000. "
        "--max-license-users: the product has no users."
    )


@pytest.mark.parametrize(
    "number",
    [
        "",
        "0",
        "-1",
        "+1",
        "1_000",
        "1.0",
        "0x1",
        "\uff11",
        "9007199254740992",
        pytest.param("9" * 5000, id="5000 digits"),
        "abc",
        "1 2",
    ],
)
def test_an_id_that_is_none_is_one_sentence(operator: Operator, number: str) -> None:
    said = operator.refused(f"user remove --license='{number}'")
    assert "is no license id: a whole number from 1 to 9007199254740991" in said


@pytest.mark.parametrize(
    "email",
    [
        *(
            "",
            "don",
            "don@",
            "@b.example",
            "don@b",
            "don joe@b.example",
            "Don <don@b.example>",
            "a@b.example,c@d.example",
        ),
        f"{'x' * 65}@b.example",
        "don@\xe4_b.example",
    ],
)
def test_an_email_that_is_none_is_one_sentence(operator: Operator, email: str) -> None:
    said = operator.refused(f"user assign --license 1 --email='{email}'")
    assert said.startswith("--email: ")
    assert said.isascii()


@pytest.mark.parametrize("number", ["-1", "1.5", "many", "", "1e3", "²", "99999999999999999999"])
def test_a_limit_that_is_none_is_one_sentence(operator: Operator, number: str) -> None:
    said = operator.refused(f"user assign --license 1 --email a@b.example --max-activations='{number}'")
    assert said.startswith(f"--max-activations: {number!r} is neither a whole number from 0 nor the word unlimited")


@pytest.mark.parametrize("command", [command for command in COMMANDS if "--limit" in command.example])
@pytest.mark.parametrize("number", ["0", "-1", "many", "99999999999999999999"])
def test_a_list_of_no_rows_is_one_sentence(operator: Operator, command: Command, number: str) -> None:
    said = operator.refused(f"{command.name} {re.sub(r'--limit .*', f'--limit={number}', command.example)}")
    assert said.startswith(f"--limit: {number!r} is no whole number from 1")


@pytest.mark.parametrize(
    "date", ["", "soon", "2027-13-01", "2027-02-30", "27-01-01", "2027-W01", "1969-12-31", "1800000000"]
)
def test_a_date_that_is_none_is_one_sentence(operator: Operator, date: str) -> None:
    said = operator.refused(f"license extend 1 --validity-period='{date}'")
    assert said.startswith("--validity-period: ")
    assert "date" in said


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (f"{TIMED} --valid-duration 30", "--valid-duration: a duration must be a number and one of h, d, m, y"),
        (f"{TIMED} --valid-duration 0d", "--valid-duration: a duration must be a number and one of h, d, m, y"),
        (f"{TIMED} --valid-duration 9999y", "--valid-duration: a duration is at most 1000 years"),
        (f"{ISSUE} --grace-period -1", "--grace-period: '-1' is no whole number from 0"),
        (f"{ISSUE} --max-transfers -2", "--max-transfers: '-2' is no whole number from 0"),
        ("company set --code A --portal-host https://a.test/", "--portal-host: write a host alone, such as "),
        ("company set --code A --accent red", "--accent: write a color as #rrggbb, such as #0a6e5c"),
        ("device reset --license 1 --hardware-id ''", "--hardware-id: give 1 to 255 characters"),
        (f"device reset --license 1 --hardware-id {'x' * 256}", "--hardware-id: give 1 to 255 characters"),
        ("webhook delete --company A --webhook 0", "--webhook: '0' is no webhook id: a whole number from 1 to"),
        ("webhook create --company A --url x.example", "--url: write it as https://receiver.example/path"),
        (f"{HOOK}{'x' * 1024}", "--url: give at most 1024 characters"),
        (f"{HOOK} --event license.exploded", "--event: there is no type of event license.exploded"),
        ("management-key revoke --company A --key x", "--key: 'x' is no key id: a whole number from 1 to"),
        (
            "management-key create --company A --name B --scope all",
            "--scope: 'all' is none of licenses:read, licenses:write",
        ),
        ("sweep --now 9999-01-01", "--now: the clock must be set between the years 1970 and 2286"),
    ],
)
def test_a_value_that_is_none_is_one_sentence(operator: Operator, line: str, sentence: str) -> None:
    assert operator.refused(line.format(company="A")).startswith(sentence)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "{file} cannot be read: No such file or directory."),
        (b"\xff\xfe<\x00", "{file} is not a text in UTF-8."),
        (b" \n", "{file} is empty."),
        (b"<svg/>", "it must begin with <svg xmlns='http://www.w3.org/2000/svg'>."),
        (b"x" * 20481, "it may have up to 20 KB."),
    ],
)
def test_a_logo_that_is_none_is_one_sentence_and_changes_nothing(
    operator: Operator, vendor: Vendor, tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    file, before = tmp_path / "logo.svg", accounts.read_company(vendor.code)
    if content is not None:
        file.write_bytes(content)
    said = operator.refused(f"company set --code {vendor.code} --accent #123456 --logo {file}")
    assert said == f"--logo: {sentence.format(file=repr(str(file)))}"
    assert accounts.read_company(vendor.code) == before


def test_all_files_that_are_missing_are_told_at_once(operator: Operator, vendor: Vendor) -> None:
    said = operator.refused(f"company set --code {vendor.code} --logo day.svg --logo-dark night.svg")
    assert said == (
        "--logo: 'day.svg' cannot be read: No such file or directory; "
        "--logo-dark: 'night.svg' cannot be read: No such file or directory."
    )


def test_a_name_that_no_file_has_is_one_sentence(operator: Operator, vendor: Vendor, tmp_path: Path) -> None:
    for name in (str(tmp_path), "x" * 5000, "größe"):
        for option in ("--logo", "--logo-dark"):
            said = operator.refused(f"company set --code {vendor.code} {option} '{name}'")
            assert said.startswith(f"{option}: ")
            assert " cannot be read: " in said


def test_a_command_line_in_another_encoding_is_one_sentence() -> None:
    with pytest.raises(UsageError, match=r"^The command line is not valid UTF-8\.$"):
        read_command_line(["company", "create", "--code", "A", "--name", "M\udcfcller"])


WRONG = {
    **dict.fromkeys(("--company", "--code", "code", "--confirm"), "no code " * 40),
    "--format": "xlsx",
    **dict.fromkeys(("--at", "--update", "--update-status"), "x y"),
    **dict.fromkeys(("--max-transfers", "--grace-period", "--revision"), "-2"),
    **dict.fromkeys(("--floating-users", "--floating-timeout", "--max-consumptions", "--total"), "-2"),
    **dict.fromkeys(("--allow-negative-consumptions", "--consumption-period"), "now and then"),
    **dict.fromkeys(
        ("--is-test", "--is-trial", "--free-resets", "--prevent-vm", "--allow-trial", "--allow-overages"), "maybe"
    ),
    **dict.fromkeys(("--max-consumption", "--max-overages", "--trial-days", "--reset", "--metadata"), "many"),
    **dict.fromkeys(("--overage", "--field", "--type", "--data-type", "--default-license-type", "--state"), "x y"),
    **dict.fromkeys(("--default-value", "--description"), "x" * 201),
    "--subscription-duration": "soon",
    "--feature": "x y=soon",
    "--policy": "x" * 201,
    **dict.fromkeys(("--expiry-basis", "--renewal-basis", "--from"), "none"),
    "--maintenance-duration": "soon",
    "--maintenance-period": "soon",
    **dict.fromkeys(
        ("--license", "license", "--license-key", "--after", "--request-id", "api_key", "device"), "x" * 201
    ),
    **dict.fromkeys(("--webhook", "--event", "--url", "--key"), "x y"),
    **dict.fromkeys(("--name", "--order", "--idempotency-key"), "x" * 201),
    **dict.fromkeys(("--first-name", "--last-name"), "x" * 101),
    **dict.fromkeys(
        ("--email", "--by", "--customer", "--manager", "--user", "--reply-to", "--support-email"), "nobody"
    ),
    **dict.fromkeys(("--max-activations", "--max-license-users", "--limit", "--licenses"), "many"),
    **dict.fromkeys(
        ("--validity-period", "--start-date", "--now", "--valid-duration", "--old-key-for", "--adopt-until"), "soon"
    ),
    **dict.fromkeys(("--since", "--until", "--expires"), "soon"),
    **dict.fromkeys(
        (
            "--product",
            "--scope",
            "--origin",
            "--accent",
            "--time-zone",
            "--portal-host",
            "--language",
            "--off",
            "--deny",
        ),
        "a b",
    ),
    **dict.fromkeys(("--license-type", "--authorization-method", "--second-factor"), "none"),
    **dict.fromkeys(("--label", "--account", "--other", "--metadata", "--color"), "x y"),
    **dict.fromkeys(("--company-name", "--reference", "--address", "--postcode", "--city"), "x" * 301),
    **dict.fromkeys(("--country", "--state", "--description", "--text", "--subscription-id"), "x" * 301),
    **dict.fromkeys(("--days", "--ending"), "91"),
    "--new-email": "m\xfcller@b.example",
    "--phone": "1" * 41,
    "--variable": "x" * 65 + "=y",
    "--hardware-id": "",
    "--license-status": "used",
    "--host-name": "",
    "text": "",
}
"""What no option of these names takes: some cannot be read, others are against a rule of the domain."""
READ_LATER = {"--logo", "--logo-dark", "--note", "folder", "file"}
"""A file, or what the use case judges: it is read once the line is."""


def test_all_options_that_are_wrong_are_named_at_once() -> None:
    for command in COMMANDS:
        named = [option.name for option in command.options if option.read is not None and option.name not in READ_LATER]
        line = [f"{name}={WRONG[name]}" if name.startswith("--") else WRONG[name] for name in named]
        if named:
            with pytest.raises(UsageError) as refused:
                read_command_line([*command.name.split(), *line])
            said = str(refused.value)
            assert [name for name in named if f"{name}: " not in said] == [], command.name


# --- what the database knows better ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("company create --code {company} --name Again", "--code: there is already a company with the code {company}."),
        (
            "product create --company {company} --code viewer --name Again --authorization-method user",
            "--code: there is already a product with the code viewer.",
        ),
        (
            "product create --company {company}X --code a --name b --authorization-method user",
            "There is no company with",
        ),
        (
            "management-key create --company {company}X --name A --scope orders:read",
            "There is no company with this code.",
        ),
        ("management-key revoke --company {company} --key 1", "There is no such key."),
        ("management-key show --company {company} --key 1", "There is no such key."),
        ("apikey show {company}-0", "There is no API key '{company}-0'."),
        ("apikey create --company {company}X", "There is no company with this code."),
        ("apikey create --company {company} --product cad", "There is no product with this code."),
        ("apikey revoke {company}-0", "There is no API key '{company}-0'."),
        ("apikey disable {company}-0", "There is no API key '{company}-0'."),
        ("apikey enable viewer", "There is no API key 'viewer'."),
        ("apikey list --company {company}X", "There is no company with this code."),
        ("apikey revoke viewer", "There is no API key 'viewer'."),
        ("audit --company {company}X", "There is no company with this code."),
        (ISSUE.replace("viewer", "cad"), "--product: there is no product with this code."),
        (f"{ISSUE} --validity-period 2030-01-01", "--validity-period: a perpetual license has no end."),
        (f"{ISSUE} --valid-duration 1y", "--valid-duration: a perpetual license has no end."),
        (f"{ISSUE} --grace-period 1", "--grace-period: a license without an end has no grace period."),
        (f"{ISSUE} --max-license-users 1", "--max-license-users: the product has no users."),
        (f"{ISSUE} --max-transfers 10000001", "--max-transfers: give -1 (none), 0 (unlimited) or more."),
        (
            f"{ISSUE} --license-key ABCDE-ABCDE-ABCDE-ABCDE-ABCDE",
            "--license-key: give 1 to 255 printable characters;",
        ),
        (f"{ISSUE} --license-key {{key}}", "--license-key: the license key is in use."),
        (
            f"{ISSUE} --order {{order}} --customer a@b.example",
            "--order: the order {order} belongs to another customer.",
        ),
        (TIMED, "--validity-period: a time-limited license needs --validity-period or --valid-duration."),
        (f"{TIMED} --validity-period 2030-01-01 --valid-duration 1y", "--valid-duration: give --validity-period or"),
        (f"{TIMED} --validity-period 2030-01-01 --start-date 2030-01-02", "--start-date: it must lie before"),
        (f"{TIMED} --valid-duration 1y --grace-period 999999999", "--grace-period: give 0 to 87840 hours."),
        ("license schedule {license} --at 2020-01-01 --max-activations 2", "--at: the date must lie ahead."),
        ("license show {unknown}", "There is no license {unknown}."),
        ("license show {license} --company OTHER", "There is no license {license} of OTHER."),
        ("license extend {license} --validity-period 2030-01-01 --from end", "--from: it says what --by counts from."),
        ("license extend {license} --by 1y", "--by: a perpetual license has no end."),
        ("license extend {waiting} --by 1y", "--by: the license has no end yet;"),
        ("license extend {license} --validity-period 2030-01-01", "--validity-period: a perpetual license has no end."),
        ("license extend {waiting} --validity-period 2030-01-01", "--validity-period: the license has no end yet;"),
        (
            "user assign --license {license} --email a@b.example",
            "This license is authorized by its key; it has no users.",
        ),
        (
            f"user assign --license {{seat}} --email a@b.example --first-name {'x' * 101}",
            "--first-name: give at most 100 ",
        ),
        (
            f"user assign --license {{seat}} --email a@b.example --last-name {'x' * 101}",
            "--last-name: give at most 100 ",
        ),
        (f"user assign --license {{seat}} --email a@b.example --phone {'1' * 41}", "--phone: give at most 40 "),
        ("user assign --license {seat} --email {email}", "This user is already assigned to the license."),
        ("user assign --license {seat} --email a@b.example", "All license users that the license allows are assigned."),
        (
            "user set-max-activations --license {seat} --email {email} --max-activations 6",
            "--max-activations: give at most 5",
        ),
        (
            "user set-max-activations --license {seat} --email {email} --max-activations unlimited",
            "--max-activations: give at most 5",
        ),
        (HOOK.replace("https:", "http:"), "--url: only https is taken here."),
        (HOOK.replace("hooks.example", "10.0.0.1"), "--url: 10.0.0.1 is no public address."),
        (f"{HOOK} --product cad", "There is no product with this code."),
        ("webhook list --company {company}X", "There is no company with this code."),
        ("webhook set --company {company} --webhook 1 --pause --resume", "Say --pause or --resume, not both."),
        *((f"{verb} --company {{company}} --webhook 1", "There is no such webhook.") for verb in WEBHOOK_VERBS),
        ("user unlock --company {company} --email a@b.example", "There is no such account."),
        ("user close --company {company} --email a@b.example", "There is no such account."),
        ("user reopen --company {company} --email a@b.example", "There is no such account."),
        ("user history --company {company} --email a@b.example", "There is no such account."),
        (
            "user change-email --company {company} --email a@b.example --new-email b@b.example",
            "There is no such account.",
        ),
        ("user change-email --company {company} --email {email} --new-email m\xfcller@b.example", "--new-email: "),
        ("user remove --license {seat} --email a@b.example", "No such user is assigned to this license."),
        ("user reset-activations --license {seat} --email a@b.example", "No such user is assigned to this license."),
        ("device reset --license {license} --hardware-id 'my-laptop '", "This device is not active on the license."),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_changes_nothing(
    operator: Operator, shop: tuple[Vendor, dict[str, Any]], line: str, sentence: str
) -> None:
    vendor, given = shop
    before = everything(vendor)
    assert operator.refused(line.format(**given)).startswith(sentence.format(**given))
    assert everything(vendor) == before


@pytest.fixture(scope="module")
def shop() -> tuple[Vendor, dict[str, Any]]:
    """A vendor with some licenses, for tests that change nothing, and what lines are filled in with."""
    vendor = Vendor()
    license, seat = vendor.issue(), vendor.issue("revit", max_license_users=1)
    waiting = vendor.issue(license_type="time-limited", valid_duration="30d")
    vendor.activate(license, "my-laptop")
    vendor.assign(seat, EMAIL)
    ids = {"license": license.id, "seat": seat.id, "waiting": waiting.id, "unknown": license.id + 1_000_000_007}
    names = {"company": vendor.code, "email": EMAIL, "key": license.license_key, "order": license.order_id}
    return vendor, ids | names


def everything(vendor: Vendor) -> list[object]:
    """All that a refused command might have left behind, but that a limit was reached, which is noted."""
    ids = list(licenses.license_ids(vendor.code))
    history = [event for id in ids for event in licenses.events(vendor.code, id)]
    return [
        *(licenses.read_license(vendor.code, id) for id in ids),
        [event for event in history if event.type != "license_limit_reached"],
        *(list(licenses.seats(vendor.code, id)) for id in ids),
        accounts.read_company(vendor.code),
        read_product(vendor.code, "viewer"),
        accounts.user_of_email(vendor.code, "a@b.example"),
        find_endpoints(vendor.code),
    ]


@pytest.mark.parametrize("verb", ["show", "enable", "disable", "reset", "extend"])
def test_the_license_of_another_company_is_not_touched(operator: Operator, vendor: Vendor, verb: str) -> None:
    other = Vendor()
    license = other.issue(license_type="time-limited", validity_period=vendor.now + DAY)
    more = " --validity-period 2030-01-01" if verb == "extend" else ""
    sentence = f"There is no license {license.id} of {vendor.code}."
    assert operator.refused(f"license {verb} {license.id} --company {vendor.code}{more}") == sentence
    assert other.stored(license) == license


@pytest.mark.parametrize("typed", ["short", "", "x" * 129])
def test_a_password_that_is_too_short_or_too_long_is_one_sentence(
    operator: Operator, vendor: Vendor, seat: License, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{typed}\n".encode())))
    said = operator.refused(f"user set-password --license {seat.id} --email {EMAIL} --password-stdin")
    assert said == "--password-stdin: choose from 8 to 128 characters."


def test_a_password_in_another_encoding_is_one_sentence(
    operator: Operator, vendor: Vendor, seat: License, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"pass w\xf6rd\n"), encoding="utf-8"))
    said = operator.refused(f"user set-password --license {seat.id} --email {EMAIL} --password-stdin")
    assert said == "--password-stdin: it is not valid UTF-8."


# --- what is done, and yet seldom meant --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "note"),
    [
        (ISSUE.replace("--max-activations 1", "--max-activations 0"), "No device can be activated with 0 activations"),
        (f"{TIMED} --validity-period 2020-01-01", "The license has expired with this end."),
        ("license extend {license} --validity-period 2020-01-01", "The license has expired with this end."),
    ],
)
def test_what_is_seldom_meant_is_done_with_a_note(operator: Operator, vendor: Vendor, line: str, note: str) -> None:
    license = vendor.issue(license_type="subscription", validity_period=vendor.now + DAY)
    assert operator.noted(line.format(company=vendor.code, license=license.id)).startswith(note)


# --- the table, its functions and its pages ----------------------------------------------------------------------


def examples() -> list[str]:
    """Every command line in the documentation."""
    lines = (ROOT / "docs" / "admin.md").read_text().splitlines()
    return [line.removeprefix(f"{PROG} ") for line in lines if line.startswith(f"{PROG} ")]


def test_every_command_of_the_table_has_a_function_and_an_example_in_the_documentation() -> None:
    documented = {read_command_line(arguments(line))[0].name for line in examples()}
    assert documented == {command.name for command in COMMANDS}
    assert all(callable(function_of(command)) for command in COMMANDS)


def test_every_option_is_in_the_documentation() -> None:
    text = Path(ROOT / "docs" / "admin.md").read_text()
    options = {option.name for command in COMMANDS for option in command.options if option.name.startswith("--")}
    options |= {"--json", "--csv", "--home", "--stage", "--help", "--dry-run", "--yes"}
    assert {option for option in options if option not in text} == set()


NO_TERMS = {"--company", "--product", "--policy", "--manager", "--deny", "--idempotency-key"}


def test_every_term_of_a_license_is_an_option_of_its_issue() -> None:
    issue = next(command for command in COMMANDS if command.name == "license issue")
    other = {"is_trial": "trial", "order_id": "order"}
    terms = {other.get(term.name, term.name) for term in fields(Terms)}
    assert terms == {option.argument for option in issue.options if option.name not in NO_TERMS}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_example_of_a_command_is_one_of_it(command: object, capsys: pytest.CaptureFixture[str]) -> None:
    found = next(known for known in COMMANDS if known is command)
    assert read_command_line(arguments(found.line))[0] is found
    assert found.line in page(capsys, *found.name.split())


def closed_list(option: Option) -> list[str]:
    """The words of which a value is one, as its refusal names them; none where it may be anything else."""
    try:
        assert option.read is not None
        option.read("no such word")
    except ValueError as error:
        found = re.search(r"(?:is none of|switches off|may be denied) (.+)\.$", str(error))
        return found[1].split(", ") if found else []
    except Invalid:
        pass
    return []


def test_help_names_all_words_that_a_value_may_be_one_of() -> None:
    options = [option for command in COMMANDS for option in command.options if option.read is not None]
    shown = {option: f"{option.shape} {option.help}" for option in options}
    closed = {(option.name, word): word in shown[option] for option in options for word in closed_list(option)}
    assert {"--deny", "--off", "--license-type", "--scope"} < {name for name, _ in closed}
    assert [value for value, is_named in closed.items() if not is_named] == []


@pytest.mark.parametrize("words", [[], ["license"], ["sweep"]])
def test_help_shows_an_example_at_every_level(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert f"\nexample: {PROG} {' '.join(words)}" in page(capsys, *words)


def page(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What `--help` says after these words."""
    with pytest.raises(SystemExit) as ended:
        read_command_line([*words, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def arguments(line: str) -> list[str]:
    """The arguments that a shell makes of a line, without redirection."""
    return shlex.split(line.partition(" < ")[0])
