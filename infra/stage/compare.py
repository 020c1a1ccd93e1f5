"""`compare`: a package beside what `chalice package` makes of the same app without more: size, and CPU of the import.

It is made for this machine's own processors, or its import could not be measured.
"""

import argparse
import platform
import shutil
import statistics
import sys
import tempfile
import zipfile
from pathlib import Path

from infra import local
from infra.bench.imports import INSTALLED, LIBRARIES, OURS, cpu_ms
from infra.progress import Progress
from infra.stage.package import ARCHITECTURES, package
from infra.stage.project import prepare, run_chalice
from infra.stage.stages import ROOT, Stage, StageError

HELP = "measure the package of a stage beside what `chalice package` makes without more; two minutes"
EXAMPLE = "python -m infra.stage compare dev"
RUNS = 11
"""Fresh processes, all by turns, for a machine is never the same for long."""


def add_arguments(_page: argparse.ArgumentParser) -> None:
    """Nothing beside the stage."""


def run(stage: Stage, _given: argparse.Namespace) -> int:
    """Make both, measure, and print."""
    architecture = _architecture()
    with tempfile.TemporaryDirectory(prefix="seatkeeper-compare-") as scratch:
        folder = Path(scratch)
        ours = package(stage, architecture, folder / "ours").archive
        print("Packaging by chalice alone.", file=sys.stderr, flush=True)
        plain = _plain(stage, architecture, folder)
        figures = {
            "archive, MB": [archive.stat().st_size / 1e6 for archive in (plain, ours)],
            "unzipped, MB": [_unpack(archive, folder) / 1e6 for archive in (plain, ours)],
        }
        *imports, libraries = _imports(folder)
    print(f"{'':30}{'chalice package':>16}{'ours':>8}")
    for name, (of_plain, of_ours) in figures.items():
        print(f"{name:30}{of_plain:16.1f}{of_ours:8.1f}")
    print(f"{'import, ms of CPU':30}{imports[0]:16.0f}{imports[1]:8.0f}")
    print(f"{'of the libraries alone':30}{imports[0] / libraries:16.2f}{imports[1] / libraries:8.2f}")
    print(
        f"The libraries alone (chalice, pydantic, pynamodb and its client), installed and compiled: {libraries:.0f} ms."
    )
    print(f"Medians of {RUNS} fresh processes each, by turns; {architecture}, Python {platform.python_version()}.")
    return 0


def _architecture() -> str:
    """Lambda's name of this machine's processors. Raises `StageError`."""
    named = {machine: name for name, machine in ARCHITECTURES.items()}.get(platform.machine())
    if sys.platform != "linux" or named is None:
        raise StageError(f"A package is for Linux on {' or '.join(ARCHITECTURES)}: this machine cannot import it.")
    return named


def _plain(stage: Stage, architecture: str, folder: Path) -> Path:
    """The archive that chalice makes by itself, from `requirements.txt`."""
    prepare(folder / "project", stage, architecture)
    shutil.copyfile(ROOT / "requirements.txt", folder / "project" / "requirements.txt")
    run_chalice(folder / "project", stage, folder / "plain")
    return folder / "plain" / "deployment.zip"


def _unpack(archive: Path, folder: Path) -> int:
    """Unzip it into `unpacked-` and the name of its folder; answers the bytes."""
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(folder / f"unpacked-{archive.parent.name}")
        return sum(entry.file_size for entry in zipped.infolist())


def _imports(folder: Path) -> list[float]:
    """Median milliseconds of CPU: chalice's package, ours, and the libraries alone as they are installed here."""
    environment = local.environment(folder)
    jobs = [(OURS, folder / "unpacked-plain"), (OURS, folder / "unpacked-ours"), (LIBRARIES, INSTALLED)]
    rounds, progress = [], Progress("rounds of imports", RUNS)
    for done in range(RUNS):
        rounds.append([cpu_ms(code, place, environment=environment) for code, place in jobs])
        progress.show(done + 1)
    return [statistics.median(taken) for taken in zip(*rounds, strict=True)]
