"""What is written on standard output where lines are on, as on Lambda."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import pytest

from chalicelib import observability
from tests.emf import MAX_BYTES, mistakes


class Output(io.StringIO):
    """Standard output. All that stands there has to be lines."""

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What was told, each a JSON object with metrics that CloudWatch can read."""
        told = []
        for text in self.getvalue().splitlines():
            line = json.loads(text)
            assert mistakes(line) == [], text
            assert len(text.encode()) < MAX_BYTES
            told.append(line)
        return told

    @property
    def line(self) -> dict[str, Any]:
        """The only one."""
        (told,) = self.lines
        return told

    def forget(self) -> None:
        """Begin anew."""
        self.seek(0)
        self.truncate()


@contextmanager
def written() -> Iterator[Output]:
    """While this lasts, lines are written and logs taken, as on Lambda."""
    root = logging.getLogger()
    handlers, output = root.handlers, Output()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(output):
        patch.setattr(observability, "ON", True)
        # A fixture's redirection does not last: pytest puts its own output back before the test.
        patch.setattr(observability, "_write", lambda text: print(text, file=output))
        observability.configure_logging()
        try:
            yield output
        finally:
            root.handlers = handlers
