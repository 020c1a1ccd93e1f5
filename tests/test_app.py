"""The app as Lambda gets it: what it starts with, and its schedule."""

import os
import subprocess
import sys
from pathlib import Path

import app
from chalicelib.web import clock
from tests.support import DAY, Vendor

ROOT = Path(app.__file__).parent


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    """Import the app in a process of its own."""
    command = [sys.executable, "-W", "error", "-c", "import app"]
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False)


def test_it_starts() -> None:
    started = start()
    assert (started.returncode, started.stderr) == (0, "")


def test_what_only_pages_need_is_imported_with_the_first_page() -> None:
    code = "import app, sys; print({'jinja2', 'chalicelib.portal.screen'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout == "set()\n"


def test_it_does_not_start_on_malformed_secrets_and_shows_none(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text('{"signing_key": "-----BEGIN PRIVATE KEY-----\\nc2VjcmV0", "data_key": "c2VjcmV0"}')
    started = start(SEATKEEPER_SECRETS=f"file:{path}")
    assert started.returncode == 1
    assert "SettingsError: The secrets are malformed: data_key" in started.stderr
    assert "c2VjcmV0" not in started.stderr


def test_packaging_needs_no_secrets(tmp_path: Path) -> None:
    assert start(SEATKEEPER_SECRETS=f"file:{tmp_path}/none", AWS_CHALICE_CLI_MODE="1").returncode == 0


def test_the_schedule_sweeps(vendor: Vendor) -> None:
    vendor.now = clock.now()
    license = vendor.issue(license_type="time-limited", validity_period=vendor.now - DAY)
    swept = app.sweep_due(
        {
            "id": "",
            "source": "",
            "account": "",
            "time": "",
            "region": "",
            "resources": [],
            "version": "",
            "detail-type": "",
            "detail": {},
        },
        None,
    )
    assert swept["license_expired"] >= 1
    assert vendor.history(license)[-1].type == "license_expired"
