"""Processes of ours that run beside the one that started them, and end with it."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import ClassVar, Self

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Child:
    """A running process of ours that listens on a loopback port. As a context manager it is stopped at the end."""

    process: subprocess.Popen[bytes]
    port: int
    stop_seconds: ClassVar[float] = 5.0
    """That it is given to end in good order."""

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        """End it at once (SIGKILL), in whatever it is about; returns when it is gone."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it in good order; returns when it is gone. Does nothing the second time."""
        self.process.terminate()
        try:
            self.process.wait(self.stop_seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def die_with(parent: int, by: signal.Signals = signal.SIGTERM) -> Callable[[], None] | None:
    """What a child runs before its program: ask Linux to end it, by this signal, when its parent ends, however."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up here: after the fork is no time to load anything

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, by)
        if os.getppid() != parent:  # it ended before we could ask
            os._exit(1)

    return ask
