"""What is in the archive of a package: the folder that pip and chalice filled, once it is trimmed: compiled and zipped.

The same folder gives the same bytes: names in order, one date, one mode, bytecode of a process of its own.
"""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

from infra.stage.project import SHIPPED
from infra.stage.stages import StageError
from infra.stage.trim import files_of

_AT_RUNTIME = "/var/task"
"""Where Lambda unpacks the archive: what a traceback says."""
_MACHINES = {b"\x3e\x00": "x86_64", b"\xb7\x00": "arm64"}
"""ELF's number of the machine, at byte 18."""


def check_architecture(folder: Path, architecture: str) -> None:
    """Raises `StageError` when a library of machine code is of another architecture. Its name may say nothing."""
    for path in files_of(folder):
        with path.open("rb") as file:
            head = file.read(20)
        if head.startswith(b"\x7fELF") and _MACHINES.get(head[18:20]) != architecture:
            name, other = path.relative_to(folder), _MACHINES.get(head[18:20], "another machine")
            raise StageError(f"The package is for {architecture}, but {name} is for {other}.")


def compile_all(folder: Path) -> None:
    """Compile all Python: Lambda could not keep what it compiles. Of libraries, the bytecode takes the sources' place.

    Ours stay beside their bytecode, for what a traceback shows. Bytecode is used without a look at its source. That of
    libraries is without docstrings, which nobody reads there, and without assertions, which look for bugs of theirs.
    """
    shipped = "|".join(map(re.escape, SHIPPED))
    _compile(folder, *(str(folder / name) for name in SHIPPED))
    _compile(folder, "-o", "2", "-b", "-x", rf"^{re.escape(str(folder))}/({shipped})(/|$)", str(folder))
    for path in files_of(folder):
        if path.suffix == ".py" and path.relative_to(folder).parts[0] not in SHIPPED:
            path.unlink()


def _compile(folder: Path, *what: str) -> None:
    # What leaves out in which column of a line an error is: a fifth of the bytecode.
    command = [sys.executable, "-sS", "-X", "no_debug_ranges", "-m", "compileall", "-q", "-f"]
    command += ["--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", _AT_RUNTIME]
    done = subprocess.run(
        [*command, *what],
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
        for path in files_of(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())  # of 1980, whenever it was written
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # the mode is Unix's, wherever it was written
            zipped.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)
