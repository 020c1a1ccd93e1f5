"""`.venv/bin/python -m infra.admin`: Ctrl-C is heard before the command itself is loaded, which takes its time."""

import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import Never


def _interrupted(_signal: int, _frame: FrameType | None) -> Never:
    """End at once: there is nothing to tidy up, and no library on the way gets to see it."""
    with suppress(OSError):
        os.write(2, b"Interrupted: it may have been done or not, look before you repeat it.\n")
    os._exit(3)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, _interrupted)
    from infra.admin.main import main

    sys.exit(main())
