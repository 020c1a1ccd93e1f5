"""The app as Lambda gets it: what it starts with, and its schedule."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import app
from chalicelib.domain.license import License
from chalicelib.runtime import runtime
from chalicelib.web import clock
from tests.emf import metrics
from tests.log_records import written
from tests.store.faults import in_conflict, wire
from tests.support import DAY, Vendor
from tests.web.events import Context

ROOT = Path(app.__file__).parent


def start(code: str = "import app", **environment: str) -> subprocess.CompletedProcess[str]:
    """Import the app in a process of its own, as a function starts."""
    environment = {"AWS_LAMBDA_FUNCTION_NAME": "seatkeeper-dev-api"} | environment
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False)


def test_it_starts() -> None:
    started = start()
    assert (started.returncode, started.stderr) == (0, "")


@pytest.mark.parametrize("function", ["seatkeeper-dev-api", ""], ids=["on Lambda", "on one machine"])
def test_garbage_is_collected_from_the_end_of_its_start_on(function: str) -> None:
    found = "gc.get_stats()[2]['collections'], gc.isenabled(), gc.get_freeze_count() > 50_000"
    assert start(f"import app, gc; print({found})", AWS_LAMBDA_FUNCTION_NAME=function).stdout == "0 True True\n"


def test_what_only_pages_or_mails_need_is_imported_with_the_first_one() -> None:
    later = {"jinja2", "chalicelib.portal.handlers", "email.headerregistry", "email.policy", "smtplib"}
    code = f"import app, sys; print({later} & set(sys.modules))"
    output = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert output.stdout == "set()\n"


def test_it_does_not_start_on_malformed_secrets_and_shows_none(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text('{"signing_key": "-----BEGIN PRIVATE KEY-----\\nc2VjcmV0", "data_key": "c2VjcmV0"}')
    started = start(SEATKEEPER_SECRETS=f"file:{path}")
    assert started.returncode == 1
    assert "SettingsError: The secrets are malformed: data_key" in started.stderr
    assert "c2VjcmV0" not in started.stderr


def test_packaging_needs_no_secrets(tmp_path: Path) -> None:
    assert start(SEATKEEPER_SECRETS=f"file:{tmp_path}/none", AWS_LAMBDA_FUNCTION_NAME="").returncode == 0


def tick() -> dict[str, int]:
    """The schedule fires."""
    event = dict.fromkeys(("id", "source", "account", "time", "region", "version", "detail-type"), "")
    swept: dict[str, int] = app.sweep_due(event | {"resources": [], "detail": {}}, Context())
    return swept


def test_the_schedule_sweeps(vendor: Vendor) -> None:
    vendor.now = clock.now()
    license = vendor.issue(license_type="time-limited", validity_period=vendor.now - DAY)
    assert tick()["license_expired"] >= 1
    assert vendor.history(license)[-1].type == "license_expired"


def due(vendor: Vendor, seconds: int, grace_hours: int = 0) -> License:
    """A license whose time has been over for so long."""
    vendor.now = clock.now()
    ended = vendor.now - 1000 * seconds
    return vendor.issue(license_type="time-limited", validity_period=ended, grace_period=grace_hours)


def test_a_sweep_tells_how_much_was_due_and_for_how_long(vendor: Vendor) -> None:
    tick()  # what other tests have left
    due(vendor, 100)
    due(vendor, 7200, grace_hours=1)
    with written() as output:
        assert tick() == {
            "license_will_expire": 0,
            "grace_started": 1,
            "license_expired": 2,
            "device_lapsed": 0,
            "update_applied": 0,
            "update_failed": 0,
            "failed": 0,
            "imports_finished": 0,
            "imports_failed": 0,
        }
        first = output.line
        output.forget()
        tick()
    stage = f"Stage={runtime().settings.table_prefix}"
    answer = metrics(first)
    assert 7200 <= answer.pop(("OldestDueAge", stage)) < 7320
    assert answer == {("SweepTransitions", stage): 3, ("AnnouncementsFailed", stage): 0}
    assert (first["kind"], first["outcome"], len(first["lambda_request_id"])) == ("sweep", "ok", 36)
    assert set(metrics(output.line).values()) == {0}


def test_what_a_sweep_had_to_send_again_is_in_its_line(vendor: Vendor) -> None:
    tick()
    due(vendor, 1)
    with written() as output, wire(in_conflict, range(1, 3)):
        tick()
    assert (output.line["Conflicts"], output.line["SweepTransitions"]) == (2, 1)


def test_a_sweep_that_fails_tells_of_it_and_fails(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    tick()
    with written() as output, monkeypatch.context() as patch:
        patch.setattr("chalicelib.usecases.sweep.due_licenses", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tick()
    line = output.line
    assert (line["outcome"], line["records"][0]["error"][0]["type"]) == ("internal_error", "ZeroDivisionError")
    assert "SweepTransitions" not in line  # it did not run to its end


def test_licenses_that_cannot_be_announced_are_told_of_at_the_end(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick()
    license = due(vendor, 50)
    with written() as output, monkeypatch.context() as patch:
        patch.setattr("chalicelib.usecases.sweep.announce", lambda *_: 1 / 0)
        assert tick()["failed"] == 1
    line = output.line
    assert (line["outcome"], line["AnnouncementsFailed"], line["SweepTransitions"]) == ("ok", 1, 0)
    (logged,) = line["records"]
    assert (str(license.id) in logged["message"], logged["error"][0]["type"]) == (True, "ZeroDivisionError")
    assert line["OldestDueAge"] >= 50
    assert tick()["license_expired"] == 1
    assert vendor.history(license)[-1].type == "license_expired"
