"""`package`: the template and the archive of a stage, the same bytes for the same input.

pip fetches the wheels that `requirements.lock` names, for the architecture that is asked for; chalice adds our code
with its own runtime and writes the template; `contents` trims, compiles and zips. None of it needs an AWS account.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from infra.stage.contents import check_architecture, compile_all, trim, write_archive
from infra.stage.resources import resources
from infra.stage.stages import ROOT, Stage, StageError, read_config

HELP = "write the template and the archive of a stage into build/STAGE/"
EXAMPLE = "python -m infra.stage package dev"

ARCHITECTURES = {"arm64": "aarch64", "x86_64": "x86_64"}
"""Lambda's name → the name in wheels."""
_SHIPPED = ("app.py", "chalicelib")
_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
"""Of the runtime, which is always that of this interpreter."""
_GLIBC = 34 if sys.version_info >= (3, 12) else 26
"""Of Lambda: 2.26 on Amazon Linux 2, 2.34 on Amazon Linux 2023."""


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
        help="of the processors it is to run on (default: what .chalice/config.json says, %(default)s)",
    )


def run(stage: Stage, given: argparse.Namespace) -> int:
    """Package, and say what has come of it."""
    made = package(stage, given.architecture, build_folder(stage))
    with zipfile.ZipFile(made.archive) as zipped:
        unzipped = sum(entry.file_size for entry in zipped.infolist())
    size = made.archive.stat().st_size
    print(f"{made.archive.relative_to(ROOT)}: {_mb(size)} MB, unzipped {_mb(unzipped)} MB, for {given.architecture}")
    print(f"{made.template.relative_to(ROOT)}: {made.template.stat().st_size:,} bytes")
    print(f"digest {made.digest}")
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

    It fails whole: then `out` is as it was.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as scratch:
        project, new, tree = Path(scratch, "project"), Path(scratch, "new"), Path(scratch, "tree")
        _copy_sources(project, architecture)
        _say(f"Fetching the libraries for {architecture} and Python {_PYTHON}.")
        _install(tree, architecture)
        _say(f"Packaging stage {stage.name}.")
        _run_chalice(project, stage, new)
        with zipfile.ZipFile(new / "deployment.zip") as ours:
            ours.extractall(tree)
        _say("Trimming, compiling and zipping.")
        trim(tree)
        check_architecture(tree, architecture)
        compile_all(tree)
        write_archive(tree, new / "deployment.zip")
        _replace(out, new, Path(scratch, "old"))
    return Package(out / "template.json", out / "deployment.zip")


def _copy_sources(project: Path, architecture: str) -> None:
    """What ships, as it is in the working copy, and nothing that git does not know: no caches, no secrets."""
    if stray := _in_git("--others", "--exclude-standard", "--", *_SHIPPED):
        raise StageError(f"{stray[0]} is not in git: a package holds only what is. Add it, or take it away.")
    for name in _in_git("--", *_SHIPPED, ".chalice"):
        target = project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(ROOT / name, target)
        except FileNotFoundError:
            raise StageError(f"{name} is in git, but not here: restore it, or remove it from git.") from None
    config = read_config() | {"lambda_architecture": architecture}
    (project / ".chalice" / "config.json").write_text(json.dumps(config))


def _in_git(*arguments: str) -> list[str]:
    done = _run(["git", "ls-files", "-z", *arguments], "git cannot say what is to be packaged.", cwd=ROOT)
    return done.split("\0")[:-1]


def _install(tree: Path, architecture: str) -> None:
    """Wheels alone: what would be built here would be for here."""
    machine = ARCHITECTURES[architecture]
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(_GLIBC, 16, -1)] + [f"manylinux2014_{machine}"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    lambdas = ["--only-binary=:all:", "--implementation", "cp", "--python-version", _PYTHON]
    lambdas += [f"--platform={tag}" for tag in tags]
    locked = ["--require-hashes", "--requirement", str(ROOT / "requirements.lock")]
    failure = f"pip cannot fetch all wheels for {architecture} and Python {_PYTHON}."
    _run([*pip, *lambdas, *locked, "--target", str(tree)], failure)


def _run_chalice(project: Path, stage: Stage, new: Path) -> None:
    """Our code and chalice's runtime into `new/deployment.zip`, the merged template into `new/template.json`."""
    merged = project / "resources.json"
    merged.write_text(json.dumps(resources(stage)))
    chalice = [str(Path(sys.executable).with_name("chalice")), "package", "--stage", stage.name]
    # Any region: it does not show in what is written. Bytecode would be packaged.
    environment = {"PATH": os.defpath, "AWS_DEFAULT_REGION": "us-east-1", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [*chalice, "--merge-template", str(merged), str(new)]
    _run(command, "chalice cannot package the stage.", cwd=project, env=environment)
    template = json.loads((new / "sam.json").read_bytes())
    (new / "template.json").write_text(json.dumps(template, indent=1, sort_keys=True) + "\n")
    (new / "sam.json").unlink()


def _run(command: list[str], failure: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """What the command prints. Raises `StageError` with `failure` and the command's last words."""
    try:
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    except OSError as error:
        raise StageError(f"{failure} {command[0]}: {error.strerror}.") from None
    if done.returncode:
        words = [line for line in done.stderr.splitlines() if line.strip()]
        raise StageError(f"{failure} {words[-1].strip() if words else 'It does not say why.'}")
    return done.stdout


def _replace(out: Path, new: Path, old: Path) -> None:
    if out.exists():
        out.rename(old)
    new.rename(out)


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f}"
