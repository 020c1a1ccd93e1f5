"""What the tests in a browser need beside Python: Debian's Chromium, and axe-core from npm in a folder of ours.

    .venv/bin/python -m tests.e2e.install        `make test` runs it: it gets what is missing, and says what it cannot

What is there is looked at each time and remembered nowhere, so it costs nothing where all is there.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests import npm

HOME = Path(__file__).resolve().parents[2] / ".browser"
AXE_VERSION = "4.14.1"
AXE = HOME / "node_modules" / "axe-core" / "axe.min.js"
SHELL, WHOLE = "chromium-headless-shell", "chromium"
"""Programs and packages of Debian. The shell is the same browser without windows: a new page costs it a third."""
DEBIAN_PACKAGES = (SHELL, "fonts-liberation")
IN_CI = bool(os.environ.get("CI"))
"""Where no test in a browser is skipped: what is missing fails."""


def chromium() -> str | None:
    """Where Chromium is; without its shell, the whole one will do."""
    return shutil.which(SHELL) or shutil.which(WHOLE)


def axe() -> Path | None:
    """Where the script of axe-core is, if it is of the version that is wanted."""
    return AXE if AXE.is_file() and npm.is_installed(HOME, "axe-core", AXE_VERSION) else None


def main() -> None:
    """Get what is missing."""
    if shutil.which(SHELL) is None:
        _install_chromium()
    if axe() is None:
        _install_axe()


def _install_chromium() -> None:
    root = _root()
    if shutil.which("apt-get") is None or root is None:
        why = f"Install the package {SHELL}; it takes apt-get, and root or sudo without a password."
    else:
        print("Installing Debian's Chromium for the tests in a browser; this is done once.", flush=True)
        apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
        why = f"This failed: apt-get install {' '.join(DEBIAN_PACKAGES)}"
        if _runs([*apt, "update"]):
            _runs([*apt, "install", "--yes", "--no-install-recommends", *DEBIAN_PACKAGES])
    if chromium() is None:
        _tell("Chromium", why)


def _install_axe() -> None:
    why = npm.install(HOME, "axe-core", AXE_VERSION)
    if axe() is None:
        _tell("axe-core", why or "The package has no script.")


def _root() -> list[str] | None:
    """What goes before a command that root has to run; None where we cannot be root."""
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    return sudo if shutil.which("sudo") and _runs([*sudo, "true"]) else None


def _runs(command: Sequence[str]) -> bool:
    """Run a command, of which only errors are shown; answers whether it went well."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode:
        sys.stderr.buffer.write(done.stdout)
    return done.returncode == 0


def _tell(what: str, why: str) -> None:
    outcome = "FAIL" if IN_CI else "ARE SKIPPED"
    print(f"*** {what} IS MISSING: THE TESTS THAT NEED IT {outcome}. {why} ***", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
