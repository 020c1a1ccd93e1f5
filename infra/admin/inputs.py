"""What a command reads besides its command line: a file, standard input."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from infra.admin.parser import UsageError


def read_drawings(files: Mapping[str, str | None]) -> list[str | None]:
    """The logos in the files that options name; what is empty or None is answered as it is.

    Raises `UsageError`: all that is wrong with any of them.
    """
    drawings, wrong = [], []
    for option, name in files.items():
        try:
            drawings.append(_read_drawing(option, name) if name else name)
        except UsageError as error:
            wrong.append(str(error).rstrip("."))
    if wrong:
        raise UsageError(f"{'; '.join(wrong)}.")
    return drawings


def _read_drawing(option: str, name: str) -> str:
    try:
        drawing = Path(name).read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError.of(option, f"{name!a} is not a text in UTF-8.") from None
    except OSError as error:
        raise UsageError.of(option, f"{name!a} cannot be read: {error.strerror}.") from None
    if not drawing.strip():  # empty means no logo, and is not what an empty file means
        raise UsageError.of(option, f"{name!a} is empty.")
    return drawing


def read_lines() -> list[str]:
    """The lines of standard input without what is empty. Raises `UsageError`."""
    return [line.strip() for line in _standard_input("-", lambda stream: stream.read()).splitlines() if line.strip()]


def read_password() -> str:
    """The first line of standard input. Raises `UsageError`."""
    return _standard_input("--password-stdin", lambda stream: stream.readline()).rstrip("\r\n")


def _standard_input(option: str, read: Callable[[BinaryIO], bytes]) -> str:
    if sys.stdin is None:
        raise UsageError.of(option, "standard input is closed.")
    try:
        # As bytes: in some locales Python takes any, and makes letters of them that no other program would.
        return read(sys.stdin.buffer).decode()
    except UnicodeDecodeError:
        raise UsageError.of(option, "it is not valid UTF-8.") from None
    except OSError as error:
        raise UsageError.of(option, f"it cannot be read: {error.strerror}.") from None
