"""What another user of the machine can do with a running server, and what not: docs/serving.md says the same.

Tried as `nobody`, so by root alone.
"""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.serve import ROOT
from tests.infra.test_run import RUN, Running, running
from tests.infra.test_serve import passing

NOBODY = 65534
IN_A_NETWORK_OF_ITS_OWN = """
import ctypes, fcntl, os, socket, struct, sys
CLONE_NEWNET, SIOCSIFFLAGS, IFF_UP = 0x40000000, 0x8914, 1
if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
    raise OSError(ctypes.get_errno(), "unshare")
with socket.socket() as some:
    fcntl.ioctl(some, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
os.execv(sys.argv[1], sys.argv[1:])
"""
"""A Python program that runs another one, as systemd does with `PrivateNetwork=yes`: the loopback interface is up."""
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")


@pytest.fixture(scope="module")
def run() -> Iterator[Running]:
    """A run whose home lies where everybody may pass."""
    with tempfile.TemporaryDirectory(prefix="seatkeeper-tests-") as folder:
        Path(folder).chmod(0o755)
        with running(Path(folder) / "home") as run:
            yield run


def as_nobody(code: str, *arguments: str) -> str:
    """What a Python program says that another user runs; of an error its last line."""
    python = Path("/usr/bin/python3") if Path("/usr/bin/python3").exists() else Path(sys.executable)
    done = subprocess.run(
        [python, "-I", "-c", code, *arguments],
        cwd="/",
        env={},
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stdout + done.stderr).strip().rpartition("\n")[2]


def test_another_user_reads_and_writes_none_of_the_files(run: Running) -> None:
    files = [path for path in run.home.rglob("*") if path.is_file()]
    assert {"secrets.json", "demo.json", "environment.json", "seatkeeper.db", "seatkeeper.db.lock"} <= {
        path.name for path in files
    }
    for path in files:
        for mode in ("rb", "r+b"):
            assert as_nobody(f"open({str(path)!r}, {mode!r})").startswith("PermissionError"), path
    assert as_nobody(f"import os; os.listdir({str(run.home)!r})").startswith("PermissionError")
    assert as_nobody(f"open({str(run.home / 'new')!r}, 'x')").startswith("PermissionError")


def test_what_is_secret_is_closed_even_if_the_folder_were_open(run: Running) -> None:
    run.home.chmod(0o755)
    try:
        for name in ("secrets.json", "demo.json", "environment.json"):
            assert as_nobody(f"open({str(run.home / name)!r})").startswith("PermissionError"), name
    finally:
        run.home.chmod(0o700)


def test_another_user_cannot_signal_the_server(run: Running) -> None:
    assert as_nobody(f"import os; os.kill({run.process.pid}, 15)").startswith("PermissionError")
    assert as_nobody(f"open('/proc/{run.process.pid}/environ')").startswith("PermissionError")


def test_in_a_network_of_its_own_all_reach_the_server(tmp_path: Path) -> None:
    """As the unit in docs/serving.md: the listening socket is passed in from outside."""
    with socket.create_server(("127.0.0.1", 0)) as passed:
        url = f"http://127.0.0.1:{passed.getsockname()[1]}"
        apart = [sys.executable, "-c", IN_A_NETWORK_OF_ITS_OWN]
        command = [*apart, *passing(passed), *RUN, "--home", str(tmp_path / "home")]
        with subprocess.Popen(
            command, cwd=ROOT, text=True, stdout=subprocess.PIPE, pass_fds=[passed.fileno()]
        ) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline().startswith(f"Serving on {url} ")
                assert httpx.get(f"{url}/readyz", timeout=60).status_code == 200
            finally:
                process.terminate()
                process.communicate()
