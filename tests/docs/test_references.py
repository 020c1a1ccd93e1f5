"""What a docstring or a page refers to is there: a module, a name in it, or a file."""

import re
from importlib import import_module
from pathlib import Path
from subprocess import check_output

ROOT = Path(__file__).parents[2]
ROOMS = sorted(path.stem for path in (ROOT / "chalicelib").iterdir() if path.suffix == ".py" or path.is_dir())
_NAME = re.compile(rf"`((?:chalicelib\.)?(?:{'|'.join(ROOMS)})(?:\.\w+)+|infra(?:\.\w+)+)`")
_FILE = re.compile(r"`((?:[a-z_]+/)+[a-z_]+\.py)`")
FOLDERS = ("", "chalicelib", "chalicelib/store", "tests", "infra")
"""Where the path of a file may begin."""
FILES = {".py", ".js", ".css", ".html"}


def is_there(name: str) -> bool:
    """Whether a dotted name is one of a module, or of something in it."""
    parts = name.split(".")
    if parts[0] not in ("infra", "chalicelib"):
        parts = ["chalicelib", *parts]
    for length in range(len(parts), 0, -1):
        try:
            found: object = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            if part in getattr(found, "__dataclass_fields__", ()):
                return True
            found = getattr(found, part, None)
        return found is not None
    return False


def test_whatever_is_named_is_there() -> None:
    missing = set()
    for file in check_output(["git", "ls-files", "*.py", "*.md"], cwd=ROOT, text=True).split():
        if file == "CHANGELOG.md" or not (ROOT / file).exists():
            continue
        text = (ROOT / file).read_text()
        missing |= {
            (file, name) for name in _NAME.findall(text) if Path(name).suffix not in FILES and not is_there(name)
        }
        missing |= {
            (file, path)
            for path in _FILE.findall(text)
            if not any((ROOT / folder / path).exists() for folder in FOLDERS)
        }
    assert missing == set()
