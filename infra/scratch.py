"""A folder for what a command needs while it runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.signals import ending_in_order, held_back


@contextmanager
def scratch_folder(prefix: str, parent: Path | None = None) -> Iterator[Path]:
    """A new folder, that is removed behind the block: also where a signal ends the command in it.

    `prefix`: what its name begins with; `parent`: where it is made (default: where temporary files are).
    """
    with ending_in_order():
        folder = TemporaryDirectory(prefix=prefix, dir=parent)
        try:
            yield Path(folder.name)
        finally:
            with held_back():
                folder.cleanup()
