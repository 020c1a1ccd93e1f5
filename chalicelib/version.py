"""Which Seatkeeper this is: the version of the changelog, and the commit."""

from functools import cache
from pathlib import Path

VERSION = "0.1.0"
COMMIT_FILE = "chalicelib/COMMIT"
"""Of a package: holds what `git_commit` said of the checkout that it was made from."""
UNKNOWN = "unknown"
ROOT = Path(__file__).resolve().parent.parent


@cache
def commit() -> str:
    """The commit of this code: from its package, else from git where this is a checkout, else `unknown`."""
    packaged = ROOT / COMMIT_FILE
    return packaged.read_text().strip() if packaged.exists() else git_commit(ROOT)


def git_commit(root: Path) -> str:
    """The commit that is checked out in `root`, with `-dirty` if files differ from it; `unknown` where git cannot say.

    A folder without a `.git` of its own is no checkout, even inside another one; there git is not started at all.
    """
    if not (root / ".git").exists():
        return UNKNOWN
    # Not `describe --dirty`, which locks the index: somebody's `git add` at that moment would fail.
    commit = _git(root, "describe", "--always", "--abbrev=12", "--exclude=*")
    differs = commit and _git(root, "--no-optional-locks", "status", "--porcelain", "--untracked-files=no")
    return f"{commit}-dirty" if differs else commit or UNKNOWN


def _git(root: Path, *arguments: str) -> str:
    """What git says; nothing where it is not there, or fails."""
    import subprocess  # noqa: PLC0415 - a package never comes here

    # Also where the files belong to another user than the server's: it runs their code already.
    git = ["git", "-c", "safe.directory=*", "-C", str(root)]
    try:
        done = subprocess.run([*git, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    except OSError:
        return ""
    return done.stdout.strip()
