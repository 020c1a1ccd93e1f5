"""What a command reads besides its command line: a file, standard input."""

import sys
from collections.abc import Mapping
from pathlib import Path

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


def read_password() -> str:
    """The first line of standard input. Raises `UsageError`."""
    if sys.stdin is None:
        raise UsageError.of("--password-stdin", "standard input is closed.")
    try:
        # As bytes: in some locales Python takes any, and makes letters of them that no other program would.
        return sys.stdin.buffer.readline().decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise UsageError.of("--password-stdin", "it is not valid UTF-8.") from None
    except OSError as error:
        raise UsageError.of("--password-stdin", f"it cannot be read: {error.strerror}.") from None
