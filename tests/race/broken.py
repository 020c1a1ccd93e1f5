"""A server of a broken build, for the proof that the race finds it: it counts, then it writes.

    python -m tests.race.broken      in the environment of `infra.local.environment`

An activation is decided as ever, on the count that was read. But the write that follows no longer asks whether that
count still holds.
"""

import os
import subprocess
import sys
from functools import partial

from infra.engine import die_with
from infra.serve import ROOT, Server, listen, log_to_stderr


def start(environment: dict[str, str], port: int = 0) -> Server:
    """Start it as a child process, as `infra.serve.start` starts the real one."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, str(port)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        preexec_fn=die_with(os.getpid()),  # noqa: PLW1509 - it takes no lock and loads nothing
    )
    assert process.stdout is not None
    with process.stdout as said:
        return Server(process, int(said.readline().rsplit(b":", 1)[1]))


def main() -> None:
    """Take the conditions out of the write of an activation, and serve."""
    from chalicelib.store import places
    from chalicelib.store.tables import LicenseItem

    places._may_take = lambda *_: LicenseItem.pk.exists()
    log_to_stderr()
    listen(int(sys.argv[1])).serve(partial(print, flush=True))


if __name__ == "__main__":
    main()
