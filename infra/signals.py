"""What ends a process of ours from outside: signals, and how it takes them in good order."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Never

ENDING = (signal.SIGTERM, signal.SIGINT)
_HEARD = (*ENDING, signal.SIGHUP)


def end_on_signals() -> None:
    """SIGTERM and SIGINT end this process in good order, by `SystemExit`; once they have, they are not heard again.

    So does the end of its terminal (SIGHUP), unless that was ignored from the start, as by nohup.
    """
    for number in ENDING:
        signal.signal(number, _end)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _end)


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP raise `SystemExit` where they would kill, with the status of a shell for a signal.

    Ctrl-C raises `KeyboardInterrupt` anyway. For commands: nothing is changed beside their main thread.
    """
    is_main = threading.current_thread() is threading.main_thread()
    kill = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_DFL]
    heard = kill if is_main else []
    for number in heard:
        signal.signal(number, _end_by)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def held_back() -> Iterator[None]:
    """Inside, nothing of this ends this thread; what comes is heard behind it, or where it is `let_in`."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def let_in() -> None:
    """Hear what has come since it was held back, and what comes."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)


def _end(_number: int, _frame: FrameType | None) -> Never:
    _be_deaf()
    raise SystemExit


def _end_by(number: int, _frame: FrameType | None) -> Never:
    _be_deaf()
    raise SystemExit(128 + number)


def _be_deaf() -> None:
    for number in _HEARD:
        signal.signal(number, signal.SIG_IGN)
