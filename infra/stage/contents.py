"""What is in the archive of a package: the folder that pip and chalice filled, trimmed, compiled and zipped.

The same folder gives the same bytes: names in order, one date, one mode, bytecode of one process with one hash seed.
"""

import gzip
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
    data = folder / "botocore" / "data"
    if (data / "endpoints.json").exists():
        _cut_endpoints(data)


def _is_unused(name: str) -> bool:
    if any(fnmatch(name, pattern) for pattern in _UNUSED):
        return True
    service, _, below = name.removeprefix("botocore/data/").partition("/")
    return name.startswith("botocore/data/") and bool(below) and service not in SERVICES


def _cut_endpoints(data: Path) -> None:
    """Each client that is made reads the endpoints of all services, for 20 ms of a cold start: keep those of ours."""
    ours = {_endpoint_prefix(data / service) for service in SERVICES}
    path = data / "endpoints.json"
    endpoints = json.loads(path.read_bytes())
    for partition in endpoints["partitions"]:
        partition["services"] = {name: told for name, told in partition["services"].items() if name in ours}
    path.write_text(json.dumps(endpoints))


def _endpoint_prefix(service: Path) -> str:
    """The name that a service has among the endpoints."""
    newest = max(service.iterdir()) / "service-2.json.gz"
    prefix: str = json.loads(gzip.decompress(newest.read_bytes()))["metadata"]["endpointPrefix"]
    return prefix


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
        env={"PYTHONHASHSEED": "0"},  # bytecode has sets in it, whose order would be another each time
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
