"""What a command reads besides its command line: a file, standard input."""

import sys
from pathlib import Path

from infra.admin.parser import UsageError


def read_drawing(option: str, name: str) -> str:
    """The logo in the file that an option names. Raises `UsageError`."""
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
