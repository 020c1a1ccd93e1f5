"""`package`: the template and the archive of a stage, the same bytes for the same input.

pip fetches the wheels that `requirements.lock` names, for the architecture that is asked for; chalice adds our code
with its own runtime, and writes the template; `trim` leaves out what nobody reads; `archive` compiles and zips. None
of it needs an AWS account.
"""

import argparse
import hashlib
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from infra.scratch import scratch_folder
from infra.stage.archive import check_architecture, compile_all, write_archive
from infra.stage.project import complete, prepare, run_chalice
from infra.stage.stages import ROOT, Stage, read_config
from infra.stage.trim import trim

HELP = "write the template and the archive of a stage into build/STAGE/"
EXAMPLE = ".venv/bin/python -m infra.stage package dev"

ARCHITECTURES = {"arm64": "aarch64", "x86_64": "x86_64"}
"""Lambda's name → the name in wheels."""
LOCK = ROOT / "requirements.lock"
_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
"""Of the runtime, which is always that of this interpreter."""
_GLIBC = 34 if sys.version_info >= (3, 12) else 26
"""Of the runtime: 2.26 on Amazon Linux 2, 2.34 on Amazon Linux 2023."""


@dataclass(frozen=True, slots=True)
class Package:
    """What is deployed: a template whose functions' code is the archive beside it."""

    template: Path
    archive: Path

    @property
    def digest(self) -> str:
        """SHA-256 of both, in hexadecimal."""
        return hashlib.sha256(self.template.read_bytes() + self.archive.read_bytes()).hexdigest()


def add_arguments(page: argparse.ArgumentParser) -> None:
    """What the verb takes beside the stage."""
    page.add_argument(
        "--architecture",
        choices=sorted(ARCHITECTURES),
        default=default_architecture(),
        help="of the processors that it runs on (default: what .chalice/config.json says, %(default)s)",
    )


def run(stage: Stage, given: argparse.Namespace) -> int:
    """Package, and say what has come of it."""
    made = package(stage, given.architecture, build_folder(stage))
    with zipfile.ZipFile(made.archive) as zipped:
        unzipped = sum(entry.file_size for entry in zipped.infolist())
    sizes = f"{made.archive.stat().st_size / 1e6:.1f} MB, unzipped {unzipped / 1e6:.1f} MB"
    print(f"{made.archive.relative_to(ROOT)}: {sizes}, for {given.architecture} and Python {_PYTHON}")
    print(f"{made.template.relative_to(ROOT)}: {made.template.stat().st_size:,} bytes")
    print(f"SHA-256 of both: {made.digest}")
    return 0


def default_architecture() -> str:
    """What `.chalice/config.json` says."""
    architecture: str = read_config()["lambda_architecture"]
    return architecture


def build_folder(stage: Stage) -> Path:
    """Where the package of a stage is put."""
    return ROOT / "build" / stage.name


def package(stage: Stage, architecture: str, out: Path) -> Package:
    """Package a stage into the folder `out`, in place of what was there; some 20 seconds. Raises `StageError`.

    It is done whole or not at all: then `out` is as it was.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with scratch_folder(f".{out.name}-", out.parent) as scratch:
        project, new, tree = Path(scratch, "project"), Path(scratch, "new"), Path(scratch, "tree")
        prepare(project, stage, architecture)
        _say(f"Fetching the libraries for {architecture} and Python {_PYTHON}.")
        _install(tree, architecture)
        _say(f"Packaging stage {stage.name}.")
        run_chalice(project, stage, new)
        with zipfile.ZipFile(new / "deployment.zip") as ours:
            ours.extractall(tree)
        _say("Trimming, compiling and zipping.")
        trim(tree)
        check_architecture(tree, architecture)
        compile_all(tree)
        write_archive(tree, new / "deployment.zip")
        (new / "sam.json").rename(new / "template.json")
        _put(new, out, Path(scratch, "old"))
    return Package(out / "template.json", out / "deployment.zip")


def _install(tree: Path, architecture: str) -> None:
    """Wheels alone: what would be built here would be for here."""
    machine = ARCHITECTURES[architecture]
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(_GLIBC, 16, -1)] + [f"manylinux2014_{machine}"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    lambdas = ["--only-binary=:all:", "--implementation", "cp", "--python-version", _PYTHON]
    lambdas += [f"--platform={tag}" for tag in tags]
    locked = ["--require-hashes", "--requirement", str(LOCK)]
    failure = f"pip cannot fetch all wheels for {architecture} and Python {_PYTHON}."
    complete([*pip, *lambdas, *locked, "--target", str(tree)], failure)


def _put(new: Path, out: Path, old: Path) -> None:
    if out.exists():
        out.rename(old)
    new.rename(out)


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)
