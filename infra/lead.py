"""Who of a server's threads leads: it reads, answers and sends, and before it waits in a call it lets another lead.

So a call that waits for nothing is read, answered and sent by one thread, with no hand-off to any other.
"""

import threading
import time
from threading import Event, Lock

PATIENCE_SECONDS = 0.005
"""After so long in one call a leader is taken to wait, for whatever it is, and another leads."""

_this_thread = threading.local()


def about_to_wait() -> None:
    """This thread is going to wait: if it leads a server, another thread does from now on."""
    lead: Lead | None = getattr(_this_thread, "lead", None)
    if lead is not None:
        lead.hand_over()


class Lead:
    """The lead, which one of so many threads has at a time."""

    def __init__(self, threads: int) -> None:
        self._threads, self._waiting = threads, 0
        """How many there are; those of them that are in a call, and have lost the lead."""
        self._is_taken, self._mutex = Lock(), Lock()
        self._leader: int | None = None
        self.is_over = False
        self._calls, self._is_in_call = 0, False
        """Calls that leaders have begun; whether the leader is in the last of them."""
        self._call_begins = Event()
        """Set when a call begins, and as long as there may be one to watch."""

    def take(self) -> bool:
        """Wait for the lead, and have it. False: there is nothing to lead any more."""
        _this_thread.lead = self
        self._is_taken.acquire()
        with self._mutex:
            self._leader = threading.get_ident()
            if self.is_over:
                self._pass_on()
                return False
        return True

    def may_begin_call(self) -> bool:
        """Whether a thread is left that can lead while the leader is in a call."""
        return self._waiting < self._threads - 1

    def begin_call(self) -> None:
        """The leader is in a call from now on. Nobody else changes what this does: so it needs no lock."""
        self._calls += 1
        self._is_in_call = True
        if not self._call_begins.is_set():
            self._call_begins.set()

    def end_call(self) -> bool:
        """The call is over: whether this thread still leads. If it does not, it may `take` the lead again."""
        with self._mutex:
            leads = self._leader == threading.get_ident()
            if leads:
                self._is_in_call = False
            else:
                self._waiting -= 1
        return leads

    def hand_over(self) -> None:
        """Let another thread lead, if this one does."""
        with self._mutex:
            if self._leader == threading.get_ident():
                self._pass_on()

    def end(self) -> None:
        """Have nobody take the lead any more. Whoever has it goes on until it looks (`is_over`), and hands it over."""
        self.is_over = True
        self._call_begins.set()

    def watch(self) -> None:
        """Take the lead from a thread that waits in a call and has not said so, until the end.

        It looks while there are calls, and sleeps while there are none.
        """
        while not self.is_over:
            self._call_begins.wait()
            call = self._calls
            time.sleep(PATIENCE_SECONDS)
            with self._mutex:
                if self._is_in_call and self._calls == call:
                    self._pass_on()
            self._call_begins.clear()
            if self._is_in_call or self.is_over:  # what has begun meanwhile found it set, and did not set it
                self._call_begins.set()

    def _pass_on(self) -> None:
        self._waiting += self._is_in_call
        self._leader, self._is_in_call = None, False
        self._is_taken.release()
