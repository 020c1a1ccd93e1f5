"""docs/serving.md: its systemd units are such as systemd takes, and what reads the log finds what it is to find."""

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.origin import Origin, network_of
from chalicelib.runtime import runtime
from chalicelib.usecases.log_in import log_in
from tests.docs.pages import DOCS, blocks
from tests.log_records import written
from tests.support import NOW, Vendor
from tests.usecases.people import account

PAGE = (DOCS / "serving.md").read_text()
UNITS = blocks(PAGE, "ini")


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_read_by_systemd_without_a_word(unit: str, tmp_path: Path) -> None:
    """By systemd itself where it is there; and everywhere by its rule that a comment has a line of its own."""
    first, *lines = unit.splitlines()
    path = re.fullmatch(r"# /etc/systemd/system/(seatkeeper\.(?:service|socket))", first)
    assert path, first
    wrong = [
        line for line in lines if not re.fullmatch(r"#.*|\[(Unit|Service|Socket|Install)\]|[A-Z]\w+=\S*(?: \S+)*", line)
    ]
    assert wrong == []
    if analyze := shutil.which("systemd-analyze"):
        for other in UNITS:  # a service may ask for its socket
            (tmp_path / other.split()[1].rsplit("/", 1)[1]).write_text(_elsewhere(other))
        (tmp_path / path[1]).write_text(_elsewhere(unit))
        done = subprocess.run(
            [analyze, "verify", f"./{path[1]}"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_unit_is_started_with_the_machine() -> None:
    assert len(UNITS) == 3
    for unit in UNITS:
        assert "\n[Install]\nWantedBy=" in unit


def _elsewhere(unit: str) -> str:
    """On a machine where it is not installed."""
    return re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit, flags=re.MULTILINE)


@pytest.mark.parametrize("email", ["ada@customer.test", "nobody@customer.test"])
@pytest.mark.parametrize(
    ("ip", "banned"), [("198.51.100.7", "198.51.100.7"), ("2001:db8:0:1ff::5", "2001:db8:0:100::/56")]
)
def test_what_reads_the_log_finds_when_and_from_where_somebody_guesses(
    vendor: Vendor, email: str, ip: str, banned: str
) -> None:
    (settings,) = blocks(PAGE, "cfg")
    answer = dict(re.findall(r"^(\w+) = (.+)$", settings, re.MULTILINE))
    failed = re.compile(answer["failregex"].replace("<SUBNET>", r"([0-9a-f.:]+(?:/\d+)?)"))  # as fail2ban has it
    vendor.assign(vendor.issue("revit", max_license_users=1), "ada@customer.test")
    with written(is_timed=True) as output, runtime().log.record("request"), pytest.raises(SeatkeeperError):
        log_in(vendor.code, email, "wrong", Origin(network_of(ip)), now=NOW)
    text = output.getvalue()
    assert failed.findall(text) == [banned]
    when = datetime.strptime(text[1 : text.index(",")], answer["datepattern"].replace("%%", "%"))
    assert abs(datetime.now(UTC) - when) < timedelta(minutes=5)
    line = output.line
    known = email == "ada@customer.test"
    whose = (vendor.code, account(vendor, email).id) if known else (None, None)
    assert (line.get("company"), line.get("account_id")) == whose
    assert email not in text
