"""What the tests of this folder share: an operator at the command line, in process, and what a home may hold."""

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import Runtime, runtime
from infra.admin import main as admin
from infra.admin.command_table import COMMANDS
from tests.signing_keys import key

DEMO: dict[str, Any] = dict.fromkeys(("company_code", "api_key", "shared_key"), "") | {
    "public_key": key(1).public_key,
    "base_url": "http://127.0.0.1:1",
    "manager": {"email": "", "password": None},
    "licenses": [],
}
"""The least that a `demo.json` says."""


class Operator:
    """Types commands; `.venv/bin/python -m infra.admin` is left out."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def run(self, line: str, *, sure: bool = True) -> tuple[int, str, str]:
        """Exit code, standard output, standard error. `sure`: --yes is said wherever it is asked for."""
        self._capsys.readouterr()
        words = shlex.split(line)
        if sure and any(one.is_final and words[:2] == one.name.split() for one in COMMANDS):
            words.append("--yes")
        with patch.object(admin, "bootstrap", _bootstrap):
            code = admin.main(words)
        return (code, *self._capsys.readouterr())

    def asks(self, line: str, exit_code: int = 0) -> Any:
        """The one JSON document that a command answers."""
        code, output, errors = self.run(f"{line} --json")
        assert code == exit_code, errors
        return json.loads(output)

    def reads(self, line: str) -> str:
        """The text that a command answers."""
        code, output, errors = self.run(line)
        assert code == 0, errors
        return output

    def noted(self, line: str) -> str:
        """What standard error says beside an answer."""
        code, output, errors = self.run(line)
        assert (code, output != "") == (0, True)
        return errors

    def refused(self, line: str) -> str:
        """The one sentence on standard error for what was not done."""
        code, output, errors = self.run(line)
        assert (code, output, errors.count("\n"), errors[-2:]) == (2, "", 1, ".\n"), errors
        return errors.rstrip()


def _bootstrap(environ: Mapping[str, str]) -> Runtime:
    """As an operator's process has it, but with our connection, where it leads there: to open one takes long."""
    made, ours = bootstrap(environ), runtime()
    is_ours = all(environ.get(n) == os.environ.get(n) for n in ("AWS_ENDPOINT_URL", "SEATKEEPER_TABLE_PREFIX"))
    return replace(made, database=ours.database) if is_ours else made


def value_beside(text: str, name: str) -> str:
    """The value beside a name in an answer as text."""
    return next(line.removeprefix(name).strip() for line in text.splitlines() if line.startswith(f"{name}  "))
