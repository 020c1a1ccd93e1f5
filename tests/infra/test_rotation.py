"""A rotation on one machine, while the server runs: applications from before and after it are answered all the time."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from infra import call
from infra.serve import ROOT
from tests.infra.test_run import running


def admin(home: Path, *words: str, exit_code: int = 0) -> Any:
    """A real run of an admin command: its answer, or its sentence."""
    line = [sys.executable, "-m", "infra.admin", *words, "--json", "--home", str(home)]
    done = subprocess.run(line, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == exit_code, done.stderr
    return done.stderr.rstrip() if exit_code else json.loads(done.stdout)


def is_verified(application: dict[str, Any]) -> bool:
    """Whether an application is answered, and by the key that it was built with."""
    answer = call.call(application, "product_details", {"product": "viewer"})
    return answer.is_success and call.is_signed(answer, application["public_key"])


def test_a_rotation_disturbs_nobody(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        old = server.demo
        assert is_verified(old)
        rotated = admin(tmp_path, "signing-key", "rotate")
        new = old | admin(tmp_path, "apikey", "create", "--company", "QBITEC")
        assert (new["public_key"], rotated["old_public_key"]) == (rotated["public_key"], old["public_key"])
        assert is_verified(new), "the server that runs takes the new key up by itself"
        assert is_verified(old)
        answers = httpx.get(f"{old['base_url']}/api/v4/public_key", timeout=60).text
        assert answers == new["public_key"] + old["public_key"]
        said = admin(tmp_path, "signing-key", "retire", "--yes", exit_code=2)
        assert said.endswith(f"revoke it first: {old['api_key']}.")
        admin(tmp_path, "apikey", "revoke", old["api_key"], "--yes")
        admin(tmp_path, "signing-key", "retire", "--yes")
        assert is_verified(new)
