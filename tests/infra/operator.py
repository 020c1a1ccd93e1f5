"""What the tests of this folder share: an operator at the command line, in process, and what a home may hold."""

import json
import shlex
from typing import Any

import pytest

from chalicelib.signing import current
from infra.admin.main import main

DEMO: dict[str, Any] = dict.fromkeys(("company_code", "api_key", "shared_key"), "") | {
    "public_key": current().public_key,
    "base_url": "http://127.0.0.1:1",
    "manager": {"email": "", "password": None},
    "licenses": [],
}
"""The least that a `demo.json` says."""


class Operator:
    """Types commands; `python -m infra.admin` is left out."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def run(self, line: str) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        self._capsys.readouterr()
        code = main(shlex.split(line))
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


def told(text: str, name: str) -> str:
    """The value beside a name in an answer as text."""
    return next(line.removeprefix(name).strip() for line in text.splitlines() if line.startswith(f"{name}  "))
