"""What a warm process remembers: bounded in number and time, and never an absence."""

from concurrent.futures import ThreadPoolExecutor

from chalicelib.usecases.remember import MINUTE_MS, Memory
from tests.support import NOW


def test_a_value_is_remembered_for_its_time_to_the_millisecond() -> None:
    memory: Memory[str] = Memory(10, MINUTE_MS)
    assert memory.get("k", lambda: "first", NOW) == "first"
    assert memory.get("k", lambda: "second", NOW + MINUTE_MS - 1) == "first"
    assert memory.get("k", lambda: "second", NOW + MINUTE_MS) == "second"


def test_a_clock_that_goes_back_remembers_nothing_of_the_future() -> None:
    memory: Memory[str] = Memory(10, MINUTE_MS)
    memory.get("k", lambda: "first", NOW)
    assert memory.get("k", lambda: "second", NOW - 1) == "second"


def test_without_a_time_it_is_for_good() -> None:
    memory: Memory[str] = Memory(10, None)
    memory.get("k", lambda: "first", NOW)
    assert memory.get("k", lambda: "second", NOW + 10**12) == "first"


def test_absence_is_never_remembered_and_a_fresh_look_forgets() -> None:
    memory: Memory[str] = Memory(10, None)
    assert memory.get("k", lambda: None, NOW) is None
    assert memory.get("k", lambda: "first", NOW) == "first"
    assert memory.get("k", lambda: "second", NOW, fresh=True) == "second"
    assert memory.get("k", lambda: None, NOW, fresh=True) is None
    assert memory.get("k", lambda: "third", NOW) == "third"


def test_no_more_than_its_size_is_kept_and_the_oldest_goes_first() -> None:
    memory: Memory[int] = Memory(2, None)
    for n in range(3):
        memory.get(n, lambda n=n: n, NOW)  # type: ignore[misc] # a default binds the loop's value
    assert [memory.get(n, lambda: -1, NOW) for n in (2, 1, 0)] == [2, 1, -1]


def test_threads_may_share_a_memory() -> None:
    memory: Memory[int] = Memory(5, MINUTE_MS)
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda n: memory.get(n % 9, lambda: n % 9, NOW + n), range(4000)))
    assert told == [n % 9 for n in range(4000)]
