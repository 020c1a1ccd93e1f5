"""Threads in which stands what is set for who starts them: the runtime, and the log record that is open."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")


class ThreadPool(ThreadPoolExecutor):
    """Each task runs in a copy of the context in which it was submitted."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:  # as its base
        """As `ThreadPoolExecutor.submit`; `map` goes this way, too."""
        return super().submit(copy_context().run, fn, *args, **kwargs)
