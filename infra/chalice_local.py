"""`chalice local` on a data directory of this machine: the data of `make run`, served by Chalice's own server.

    .venv/bin/python -m infra.chalice_local --port 8001          further options are those of `chalice local`

Uses the server that runs on it, or else runs one for as long, which has the engine, the sweep and the mail.
docs/chalice.md says what Chalice's other commands do here.
"""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if __name__ == "__main__":  # Ctrl-C ends it without a word while the libraries come, which takes its time
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from infra import local, serve
from infra.child import die_with
from infra.signals import end_on_signals
from infra.version import add_version

STAGE = "local"
"""One that `.chalice/config.json` does not declare: the settings of another would take the place of the directory's."""
_READY = "Serving on "


def main() -> None:
    """Serve until a signal ends it. Exit 2 and one sentence on standard error for what cannot be served."""
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m infra.chalice_local",
        description="Run `chalice local` with the data of a folder. Further options are those of `chalice local`.",
        epilog="example: .venv/bin/python -m infra.chalice_local --port 8001 --no-autoreload",
    )
    parser.add_argument("--home", type=Path, default=Path(".local"), help="folder of the data (default: .local)")
    add_version(parser)
    given, options = parser.parse_known_args()
    end_on_signals()
    try:
        with _running(given.home) as environment:
            sys.exit(_chalice(options, environment))
    except local.DataDirError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


@contextmanager
def _running(data_dir: Path) -> Iterator[dict[str, str]]:
    """The environment of a server that runs on `data_dir` while this lasts. Raises `DataDirError`."""
    if (found := local.running(data_dir)) is not None:
        yield found
        return
    command = [sys.executable, "-m", "infra.run", "--home", str(data_dir)]
    with subprocess.Popen(
        command,
        env=os.environ | {"PORT": "0"},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a Ctrl-C is for us; we stop it last
        preexec_fn=die_with(os.getpid()),  # noqa: PLW1509 - it takes no lock and loads nothing
    ) as server:
        try:
            assert server.stdout is not None
            if not server.stdout.readline().startswith(_READY) or (found := local.running(data_dir)) is None:
                raise local.DataDirError(f"{data_dir} cannot be served: see above.")
            yield found
        finally:
            server.terminate()


def _chalice(options: list[str], environment: dict[str, str]) -> int:
    """Run `chalice local` to its end, with all that it starts; answers its exit code."""
    command = [str(Path(sys.executable).with_name("chalice")), "local", "--stage", STAGE, *options]
    # Without the AWS settings of the developer's own: a profile would lead elsewhere, or nowhere.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    chalice = subprocess.Popen(
        command,
        cwd=serve.ROOT,
        env=kept | {name: value for name, value in environment.items() if name != "base_url"},
        start_new_session=True,
        preexec_fn=die_with(os.getpid()),  # noqa: PLW1509 - it takes no lock and loads nothing
    )
    try:
        return chalice.wait()
    finally:
        if chalice.poll() is None:
            os.killpg(chalice.pid, signal.SIGTERM)  # with the process that its reloader has started
            chalice.wait()


if __name__ == "__main__":
    main()
