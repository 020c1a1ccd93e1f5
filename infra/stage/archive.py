"""What is in the archive of a package: the folder that pip and chalice filled, trimmed, compiled and zipped.

The same folder gives the same bytes: names in order, one date, one mode, bytecode of a process of its own.
"""

import json
import os
import subprocess
import sys
import zipfile
from fnmatch import fnmatch
from pathlib import Path

from infra.stage.stages import StageError

SERVICES = ("dynamodb", "sesv2", "ssm")
"""What our code has clients of: botocore's descriptions of all other services stay out."""

_AT_RUNTIME = "/var/task"
"""Where Lambda unpacks the archive: what a traceback says."""
_UNUSED = (
    "bin/*",  # commands of the libraries
    "*.dist-info/*",  # metadata of the libraries
    "*/__pycache__/*",  # compiled by others, from who knows what
    "*.pyi",
    "*/py.typed",
    "botocore/data/*/examples-1.json",
    "cffi/*",  # makes bindings to C; the ones that ship are made
    "pycparser/*",  # of cffi
    "dateutil/zoneinfo/*",  # time zones for systems that have none
    "pydantic/mypy.py",
    "pydantic/v1/*",  # the former pydantic, whole
    "urllib3/contrib/emscripten/*",  # for browsers
)
_MACHINES = {b"\x3e\x00": "x86_64", b"\xb7\x00": "arm64"}
"""ELF's number of the machine, at byte 18."""


def trim(folder: Path) -> None:
    """Remove what no function of ours can come to use."""
    for path in _files(folder):
        if _is_unused(path.relative_to(folder).as_posix()):
            path.unlink()
    if (endpoints := folder / "botocore" / "data" / "endpoints.json").exists():
        _drop_services(endpoints)


def _is_unused(name: str) -> bool:
    if any(fnmatch(name, pattern) for pattern in _UNUSED):
        return True
    service, _, below = name.removeprefix("botocore/data/").partition("/")
    return name.startswith("botocore/data/") and bool(below) and service not in SERVICES


def _drop_services(endpoints: Path) -> None:
    """Of all services' endpoints leave the partitions: each client reads the list, for 20 ms of a cold start.

    A service's own rules, which stay, say the same.
    """
    document = json.loads(endpoints.read_bytes())
    for partition in document["partitions"]:
        partition["services"] = {}
    endpoints.write_text(json.dumps(document))


def check_architecture(folder: Path, architecture: str) -> None:
    """Raises `StageError` when a library of machine code is of another architecture. Its name may say nothing."""
    for path in _files(folder):
        with path.open("rb") as file:
            head = file.read(20)
        if head.startswith(b"\x7fELF") and _MACHINES.get(head[18:20]) != architecture:
            name, other = path.relative_to(folder), _MACHINES.get(head[18:20], "another machine")
            raise StageError(f"The package is for {architecture}, but {name} is for {other}.")


def compile_all(folder: Path) -> None:
    """Put bytecode beside all Python, which is used without a look at the source: Lambda could not keep its own."""
    command = [sys.executable, "-sS", "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"]
    done = subprocess.run(
        [*command, "-s", str(folder), "-p", _AT_RUNTIME, str(folder)],
        env={},  # the developer's own may ask for other bytecode
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StageError(f"The package cannot be compiled: {done.stdout.strip()}")


def write_archive(folder: Path, archive: Path) -> None:
    """Zip it all."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as zipped:
        for path in _files(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())  # of 1980, whenever it was written
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # the mode is Unix's, wherever it was written
            zipped.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)


def _files(folder: Path) -> list[Path]:
    return sorted(Path(place, name) for place, _, names in os.walk(folder) for name in names)
