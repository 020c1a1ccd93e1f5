"""The real package: the same each time, for both architectures, and whole: it answers with nothing else to import."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config

from chalicelib.portal.render import STATIC, static_path
from chalicelib.store.database import create_tables
from chalicelib.version import git_commit
from infra.stage import package as packaging
from infra.stage.package import ARCHITECTURES, Package
from infra.stage.stages import ROOT, read_stage
from infra.stage.trim import SERVICES
from tests import roto
from tests.stage.conftest import ARCHITECTURE
from tests.web.events import event

[OTHER] = set(ARCHITECTURES) - {ARCHITECTURE}
MOST_BYTES = 11_000_000
"""Of an archive."""
REGIONS = ("us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1")
SCHEDULE = {
    "version": "0",
    "id": "1",
    "account": "123456789012",
    "region": "eu-central-1",
    "source": "aws.events",
    "detail-type": "Scheduled Event",
    "detail": {},
    "time": "2026-11-24T00:00:00Z",
    "resources": [],
}


@pytest.fixture(scope="module")
def folder(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, unpacked."""
    folder = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(package.archive) as zipped:
        zipped.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def cold_start(folder: Path) -> dict[str, Any]:
    """What comes of a cold start, a request for the API, for a page and for what it loads, and a sweep."""
    page = event("GET", "/portal/log-in", {"Host": "licenses.vendor.test"})
    style = event("GET", "/static/{name}", {}, parts={"name": static_path("portal.css").rpartition("/")[2]})
    asked = {
        "requests": [event("GET", "/", {}), page, style],
        "schedule": SCHEDULE,
        "endpoints": [(service, region) for service in SERVICES for region in REGIONS],
    }
    script = Path(__file__).with_name("cold_start.py")
    with roto.as_aws():
        create_tables()
        done = subprocess.run(
            [sys.executable, "-IS", script, folder],
            input=json.dumps(asked),
            env=dict(os.environ),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answers


def test_the_packaged_app_answers_requests_and_sweeps(cold_start: dict[str, Any]) -> None:
    about, page, style = cold_start["answers"]
    body = json.loads(about["body"])
    assert (about["statusCode"], body["name"]) == (200, "Seatkeeper")
    # Not whether files differ from it: somebody may be writing.
    assert body["commit"].removesuffix("-dirty") == git_commit(ROOT).removesuffix("-dirty")
    assert (page["statusCode"], "<h1>Log in</h1>" in page["body"]) == (200, True)
    assert (style["statusCode"], style["body"]) == (200, (STATIC / "portal.css").read_text())
    assert cold_start["swept"].keys() >= {"license_expired"}


def test_it_imports_from_the_package_and_the_standard_library_alone(cold_start: dict[str, Any], folder: Path) -> None:
    library = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib"))
    foreign = [
        file for file in cold_start["files"] if not file.startswith((str(folder), *library, str(Path(__file__).parent)))
    ]
    assert foreign == []
    assert not [file for file in cold_start["files"] if "site-packages" in file]


def test_nothing_of_it_is_compiled_again(cold_start: dict[str, Any], package: Package, folder: Path) -> None:
    assert cold_start["compiled"] == []
    with zipfile.ZipFile(package.archive) as zipped:
        assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == set(
            zipped.namelist()
        )


def test_its_clients_reach_the_endpoints_that_untrimmed_ones_do(cold_start: dict[str, Any]) -> None:
    own = Config(ignore_configured_endpoint_urls=True)  # type: ignore[call-arg] # the stubs do not know it
    session = botocore.session.get_session()
    assert cold_start["endpoints"] == [
        session.create_client(service, region_name=region, config=own).meta.endpoint_url
        for service in SERVICES
        for region in REGIONS
    ]


def test_packaging_again_gives_the_same_bytes(package: Package, tmp_path: Path) -> None:
    again = packaging.package(read_stage("dev"), ARCHITECTURE, tmp_path / "again" / "dev")
    assert again.archive.read_bytes() == package.archive.read_bytes()
    assert again.template.read_bytes() == package.template.read_bytes()


def test_for_other_processors_only_machine_code_differs_and_both_are_small(package: Package, tmp_path: Path) -> None:
    other = packaging.package(read_stage("dev"), OTHER, tmp_path / "dev")
    assert max(made.archive.stat().st_size for made in (package, other)) <= MOST_BYTES
    assert contents(other) == contents(package)
    assert json.loads(other.template.read_text().replace(OTHER, ARCHITECTURE)) == json.loads(
        package.template.read_text()
    )


def contents(made: Package) -> dict[str, int]:
    """Each file's checksum; of machine code, the name alone, without its processors."""
    with zipfile.ZipFile(made.archive) as zipped:
        entries = zipped.infolist()
    plain = {entry.filename: entry.CRC for entry in entries if not entry.filename.endswith(".so")}
    built = [entry.filename for entry in entries if entry.filename.endswith(".so")]
    return plain | {name.replace("aarch64", "x86_64"): 0 for name in built}
