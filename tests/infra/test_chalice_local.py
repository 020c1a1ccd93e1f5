"""`chalice local`, by the one command that docs/chalice.md names."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from infra import call, local
from infra.serve import ROOT
from tests import roto

PATIENCE_SECONDS = 120


@pytest.mark.parametrize("options", [[], ["--no-autoreload"]])
def test_it_serves_a_home_of_its_own_and_ends_with_all_that_it_started(tmp_path: Path, options: list[str]) -> None:
    home, port = tmp_path / "home", roto.free_port()
    command = [sys.executable, "-m", "infra.chalice_local", "--home", str(home), "--port", str(port), *options]
    environment = os.environ | {"AWS_PROFILE": "of-the-developer"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True) as run:
        try:
            assert run.stdout is not None
            said = ""
            while f"Serving on http://127.0.0.1:{port}" not in said:
                line = run.stdout.readline()
                assert line, said
                said += line
            demo = json.loads((home / "demo.json").read_bytes())
            here = demo | {"base_url": f"http://127.0.0.1:{port}"}
            lookup = {"product": "viewer", "license_key": demo["licenses"][1]["license_key"], "hardware_id": "pc"}
            for at in (here, demo):  # the server of the home answers, too
                answer = call.call(at, "activate_license", lookup)
                assert (answer.status_code, call.is_signed(answer, demo["public_key"])) == (200, True), answer.text
            assert "<form" in httpx.get(f"{here['base_url']}/portal/log-in", timeout=60).text
            run.send_signal(signal.SIGINT)
            said += run.communicate(timeout=PATIENCE_SECONDS)[0]
        finally:
            run.kill()
    assert run.returncode == 0, said
    assert local.running(home) is None
    assert is_free(port)


def is_free(port: int) -> bool:
    """Whether nobody listens on a port, or soon no more."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            roto.free_port(port)
        except roto.EngineError:
            time.sleep(0.05)
        else:
            return True
    return False


def test_a_home_that_cannot_be_served_is_one_sentence_and_exit_2(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    command = [sys.executable, "-m", "infra.chalice_local", "--home", str(tmp_path / "home")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == f"{tmp_path / 'home'} cannot be served: see above."
