"""A server of the proof: the real one, several workers and all, in bad weather, with a wrong clock, or a broken build.

.venv/bin/python -m tests.proof.server PORT      in the environment of `infra.local.environment`, and `PROOF_CONDITIONS`
"""

import json
import os
import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import runtime, using
from infra.serve import Server, listen, log_to_stderr, say_where, serve, start_module
from tests.race.site import WORKERS

_CONDITIONS = "PROOF_CONDITIONS"


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under which a process works."""

    notes: str
    """Path of the file to which it tells what happens to it."""
    seed: int = 0
    rate: float = 0.0
    """The share of its calls to the database that meet a fault; with none there is no weather at all."""
    storms: int = 0
    """The seed of the storms, which are the same for all processes."""
    is_mortal: bool = False
    """Whether its callers may die at a call to the database. A server does not: it is killed."""
    clock: int = 0
    """Seconds by which its clock is ahead."""
    mutant: str = ""
    """Name of the broken build (`tests.proof.mutants`); empty for the real one."""

    def start(self, environment: dict[str, str], port: int) -> Server:
        """Start a server as a child process, as `infra.serve.start` starts the real one."""
        return start_module([__name__, str(port)], environment | {_CONDITIONS: json.dumps(asdict(self))})

    def enter(self, stack: ExitStack) -> None:
        """Bring them about in this process, until the stack is closed."""
        from tests.proof.mutants import broken
        from tests.proof.weather import bad_weather

        if self.mutant:
            stack.enter_context(broken(self.mutant))
        if self.rate:
            notes = Path(self.notes)
            stack.enter_context(bad_weather(self.seed, self.rate, self.storms, notes, is_mortal=self.is_mortal))
        if self.clock:
            right = runtime()
            stack.enter_context(using(replace(right, clock=lambda: right.clock() + 1000 * self.clock)))


def main() -> None:
    """Serve under the conditions, each worker in weather of its own: it opens the database, which no fork may share."""
    given = Conditions(**json.loads(os.environ[_CONDITIONS]))
    with ExitStack() as stack:
        stack.enter_context(using(bootstrap(os.environ)))
        os.register_at_fork(after_in_child=lambda: replace(given, seed=given.seed + os.getpid()).enter(stack))
        log_to_stderr()
        serve(listen(int(sys.argv[1])), say_where, workers=WORKERS)


if __name__ == "__main__":
    main()
