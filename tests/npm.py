"""Packages from npm that tests need, each in a folder of ours, in the one version that is wanted."""

import json
import shutil
import subprocess
from pathlib import Path


def is_installed(home: Path, name: str, version: str) -> bool:
    """Whether the package is there in this version."""
    package = home / "node_modules" / name / "package.json"
    return package.is_file() and json.loads(package.read_text())["version"] == version


def install(home: Path, name: str, version: str) -> str | None:
    """Install the package below `home`, and say so; None where it is there then, else why it is not, in a sentence."""
    if shutil.which("npm") is None:
        return "Install Node.js with npm."
    print(f"Installing {name} into {home.name}; this is done once.", flush=True)
    home.mkdir(exist_ok=True)
    quiet = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    command = ["npm", "install", *quiet, "--prefix", str(home), f"{name}@{version}"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
    if done.returncode or not is_installed(home, name, version):
        return f"This failed: npm install {name}@{version}"
    return None
