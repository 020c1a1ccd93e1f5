"""What is written on standard output where lines are on, as on Lambda."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from typing import Any

from chalicelib.observability import Log
from chalicelib.runtime import runtime, using
from infra.local import TABLE_PREFIX
from tests.emf import MAX_BYTES, mistakes


class Output(io.StringIO):
    """Standard output. All that stands there has to be lines."""

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What was told, each a JSON object with metrics that CloudWatch can read."""
        answers = []
        for text in self.getvalue().splitlines():
            line = json.loads(text)
            assert mistakes(line) == [], text
            assert len(text.encode()) < MAX_BYTES
            answers.append(line)
        return answers

    @property
    def line(self) -> dict[str, Any]:
        """The only one."""
        (answer,) = self.lines
        return answer

    def forget(self) -> None:
        """Begin anew."""
        self.seek(0)
        self.truncate()


@contextmanager
def written(*, is_timed: bool = False) -> Iterator[Output]:
    """While this lasts, lines are written and logs taken, as on Lambda."""
    root = logging.getLogger()
    handlers, output = root.handlers, Output()
    # A fixture's redirection does not last: pytest puts its own output back before the test.
    log = Log(TABLE_PREFIX, "full", lambda text: print(text, file=output), is_timed)
    with using(replace(runtime(), log=log)), redirect_stdout(output):
        log.take_logs()
        try:
            yield output
        finally:
            root.handlers = handlers
