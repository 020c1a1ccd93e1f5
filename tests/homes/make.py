"""Make the home of a commit: a small company whose items that commit's own code has written, kept as data.

    python -m tests.homes.make COMMIT      writes tests/homes/<short commit>/

The commit is checked out in a folder that goes away again, and this file is run there. So what is below `_fill` may use
only what every commit has, and asks for the rest. The secrets are made for the home: nothing else is sealed with them.
"""

import importlib
import json
import os
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any

from chalicelib.domain.errors import SeatkeeperError

HOMES = Path(__file__).parent
TABLES = ("licenses", "accounts", "ephemera")
NOW, DAY = 1_795_500_000_000, 86_400_000
MANAGER, SECOND, CUSTOMER = "manager@customer.test", "second@customer.test", "office@studio.test"
ADA, BOB, EVE = "ada@customer.test", "bob@customer.test", "eve@customer.test"
PASSWORD = "chosen by themselves"
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'


def make(commit: str) -> Path:
    """Write the home of a commit; answers where."""
    short = _git("rev-parse", "--short=7", commit)
    home = HOMES / short
    home.mkdir(exist_ok=True)
    from infra.scratch import scratch_folder

    with scratch_folder("seatkeeper-home-") as scratch:
        code = scratch / "code"
        _git("worktree", "add", "--detach", str(code), commit)
        try:
            environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(code)}
            command = [sys.executable, __file__, short, str(scratch), str(home)]
            subprocess.run(command, cwd=code, env=environment, check=True)
        finally:
            _git("worktree", "remove", "--force", str(code))
    return home


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=HOMES, check=True, capture_output=True, text=True).stdout.strip()


# --- in the folder of the commit, by its code -----------------------------------------------------------------------


def _write(short: str, scratch: Path, home: Path) -> None:
    from chalicelib.store import database
    from infra import local

    folder = scratch / "home"
    os.environ |= local.environment(folder)
    with _runtime():
        database.create_tables()
        document = {"commit": short} | _fill(f"HOME-{short.upper()}")
        document["secrets"] = json.loads(local.secrets_file(folder).read_text())
        (home / "home.json").write_text(json.dumps(document, indent=1) + "\n")
        for table in TABLES:
            (home / f"{table}.json").write_text(_lines(_items(table)))


def _runtime() -> AbstractContextManager[object]:
    """What commits after the first of them need around all that they do."""
    with suppress(ModuleNotFoundError):
        from chalicelib.bootstrap import bootstrap
        from chalicelib.runtime import using

        return using(bootstrap(os.environ))
    return nullcontext()


def _items(table: str) -> list[dict[str, Any]]:
    from chalicelib.store import database

    found = database.connection().send("Scan", {"TableName": database.connection().table_name(table)})
    assert "LastEvaluatedKey" not in found, "a home is small"
    items: list[dict[str, Any]] = found["Items"]
    return sorted(items, key=lambda item: (item["pk"]["S"], item.get("part", {}).get("S", "")))


def _lines(items: list[dict[str, Any]]) -> str:
    return "[\n" + ",\n".join(json.dumps(item, sort_keys=True) for item in items) + "\n]\n"


def _fill(company: str) -> dict[str, Any]:
    from chalicelib.domain.events import Actor
    from chalicelib.usecases import create

    admin = Actor("admin", "192.0.2.1")
    create.create_company(company, f"Vendor {company}", admin, now=NOW)
    create.create_product(company, "viewer", "Viewer", "license-key", admin, now=NOW)
    create.create_product(company, "revit", "For Revit", "user", admin, prevent_vm=True, now=NOW)
    key, shared_key = create.create_api_key(company, frozenset(), False, admin, now=NOW)
    limited, _ = create.create_api_key(company, frozenset({"viewer"}), True, admin, now=NOW)
    create.revoke_api_key(company, limited.api_key, admin, now=NOW)
    licenses = _licenses(company, admin)
    _by_key(company, licenses["viewer"], admin)
    _by_user(company, licenses["revit"], admin)
    _of_later(company, licenses["revit"], admin)
    later = _that_comes_again(company, licenses, admin)
    return later | {
        "company": company,
        "api_key": key.api_key,
        "shared_key": shared_key,
        "password": PASSWORD,
        "licenses": {name: {"id": one.id, "key": one.license_key} for name, one in licenses.items()},
    }


def _licenses(company: str, admin: Any) -> dict[str, Any]:
    """One of each sort, most of them of one order with two managers; one expires unheard of."""
    from chalicelib.domain.terms import Terms
    from chalicelib.usecases.change_license import set_enabled
    from chalicelib.usecases.issue_license import issue_license

    one: dict[str, Any] = {"order_id": "PO 1/ä", "customer": CUSTOMER}
    later, sold = NOW + 80 * 365 * DAY, {}
    for number, (name, product, terms, manager) in enumerate(
        (
            ("viewer", "viewer", Terms("perpetual", 5, max_transfers=3, **one), MANAGER),
            ("revit", "revit", Terms("perpetual", 10, 6, **one), MANAGER),
            ("subscription", "viewer", Terms("subscription", 2, validity_period=later, grace_period=48, **one), SECOND),
            ("trial", "viewer", Terms("time-limited", 2, valid_duration="30d", is_trial=True), SECOND),
            ("ended", "viewer", Terms("time-limited", 2, validity_period=NOW + DAY), MANAGER),
            ("disabled", "viewer", Terms("perpetual", None), None),
        )
    ):
        sold[name], _ = issue_license(company, product, terms, manager, admin, now=NOW + number)
    set_enabled(company, sold["disabled"].id, False, admin, now=NOW + DAY)
    return sold


def _by_key(company: str, license: Any, admin: Any) -> None:
    """Active, given up, reset and blacklisted devices, and variables."""
    from chalicelib.domain.license import DeviceReport
    from chalicelib.usecases.activate import activate
    from chalicelib.usecases.change_device import blacklist_device, reset_device
    from chalicelib.usecases.deactivate import deactivate
    from chalicelib.usecases.device_variables import track_variables
    from chalicelib.usecases.license_lookup import LicenseLookup

    for number in range(4):
        lookup = LicenseLookup("viewer", f"machine-{number}", license_key=license.license_key)
        report = DeviceReport(f"machine-{number}", hostname=f"host-{number}", os_ver="Linux 6", is_vm=False)
        activate(company, lookup, None, report, admin, now=NOW + number)
    track_variables(company, LicenseLookup("viewer", "machine-0", license.license_key), {"plan": "ä"}, admin, now=NOW)
    deactivate(company, LicenseLookup("viewer", "machine-1", license.license_key), admin, now=NOW + DAY)
    reset_device(company, license.id, "machine-2", admin, now=NOW + DAY)
    blacklist_device(company, license.id, "machine-3", admin, now=NOW + DAY)


def _by_user(company: str, license: Any, admin: Any) -> None:
    """A user with a device who has chosen a password, one with the initial one, one whose seat was taken away."""
    from chalicelib.domain.license import DeviceReport
    from chalicelib.usecases.activate import activate
    from chalicelib.usecases.assign_user import Profile, assign_user
    from chalicelib.usecases.change_seat import remove_user
    from chalicelib.usecases.license_lookup import LicenseLookup
    from chalicelib.usecases.log_in import log_in

    ada = Profile("Ada", "King", "+41 44 123 45 67")
    assign_user(company, license.id, ADA, 2, admin, profile=ada, now=NOW)
    assign_user(company, license.id, BOB, 1, admin, now=NOW + 1)
    assign_user(company, license.id, EVE, 3, admin, now=NOW + 2)
    for email in (ADA, MANAGER, SECOND):
        _choose(company, email, admin)
    lookup, report = LicenseLookup("revit", "laptop", username=ADA), DeviceReport("laptop", hostname="laptop-of-ada")
    activate(company, lookup, PASSWORD, report, admin, now=NOW + DAY)
    remove_user(company, license.id, EVE, admin, now=NOW + DAY)
    with suppress(SeatkeeperError):
        log_in(company, BOB, "not his password", now=NOW + DAY)


def _choose(company: str, email: str, admin: Any) -> None:
    from chalicelib.usecases.change_password import change_password
    from chalicelib.usecases.initial_password import initial_password

    user = _user(company, email)
    change_password(company, email, initial_password(user) or "", PASSWORD, admin, now=NOW)


def _user(company: str, email: str) -> Any:
    from chalicelib.store import accounts

    user = accounts.read_user(company, accounts.user_of_email(company, email) or 0)
    assert user is not None
    return user


def _of_later(company: str, license: Any, admin: Any) -> None:
    """What the first commits had not: colors, batches, mailed codes, sessions and forms."""
    if branding := _module("branding"):
        branding.set_branding(company, "#225588", LOGO, admin, now=NOW)
    if batch := _module("batch_assign"):
        people = "first@customer.test, second-of-all@customer.test"
        number = batch.start_batch(company, license.id, people, True, admin, now=NOW + DAY)
        batch.continue_batch(company, license.id, number, admin, lambda: True, now=NOW + DAY)
        batch.start_batch(company, license.id, "third@customer.test", True, admin, now=NOW + 2 * DAY)
    if forgotten := _module("forgotten_password"):
        forgotten.request_code(company, ADA, now=NOW + DAY)
    if (sessions := _module("sessions")) and (submissions := _module("submissions")):
        claims = sessions.open_session(_user(company, ADA), now=NOW + DAY)
        submissions.submit_once(claims, "form", lambda: {"done": "it"}, now=NOW + DAY)


def _that_comes_again(company: str, licenses: dict[str, Any], admin: Any) -> dict[str, Any]:
    """Later still: changes on a revision, an answer to a call that may come again, a refused call, and a cursor."""
    idempotency, refused, cursors = map(_module, ("idempotency", "record_refusal", "cursors"))
    if not (idempotency and refused and cursors):
        return {}
    from chalicelib.domain.refusals import Refusal
    from chalicelib.usecases.assign_user import Profile
    from chalicelib.usecases.change_account import change_profile
    from chalicelib.usecases.change_license import extend
    from chalicelib.usecases.change_seat import set_max_activations

    sold, end, now = licenses["subscription"], NOW + 90 * 365 * DAY, NOW + DAY
    call, answer, of_list = {"caller": company, "key": "key", "content": "{}"}, {"id": sold.id}, ["a list", company]
    idempotency.perform_once(
        idempotency.IdempotencyKey(**call),
        lambda: extend(company, sold.id, end, None, admin, now=now),
        lambda _: answer,
        now=now,
    )
    set_max_activations(company, licenses["revit"].id, BOB, 2, admin, now=now)
    user = _user(company, SECOND)
    change_profile(company, user.id, Profile("Sec", "Ond", ""), admin, now=now)
    given: dict[str, Any] = {"license_id": licenses["viewer"].id, "product": "viewer", "hardware_id": "machine-3"}
    refused.record_refusal(
        company, Refusal("activate_license", "blacklisted", now, request_id="5f0c9f6e4f1b4d0e", **given)
    )
    cursor = {"scope": of_list, "position": "a position", "cursor": cursors.to_cursor(of_list, "a position")}
    return {"answered": call | {"answer": answer}, "cursor": cursor}


def _module(name: str) -> Any:
    with suppress(ModuleNotFoundError):
        return importlib.import_module(f"chalicelib.usecases.{name}")


if __name__ == "__main__":
    if len(sys.argv) == 4:
        _write(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        print(make(sys.argv[1]))
