"""Which Seatkeeper this is, as the start of a server and `--version` of every command say it."""

import argparse

from chalicelib.version import VERSION, commit
from infra import output


def this_version() -> str:
    """Version and commit, as `Seatkeeper 0.1.0, commit 0123456789ab`."""
    return f"Seatkeeper {VERSION}, commit {commit()}"


class _ShowVersion(argparse.Action):
    """Asks for the commit only when it is to be shown: git may have to be asked."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        output.answer(this_version())
        parser.exit()


def add_version(parser: argparse.ArgumentParser) -> None:
    """Add `--version`, which shows version and commit and exits 0."""
    parser.add_argument("--version", action=_ShowVersion, nargs=0, help="show version and commit")
