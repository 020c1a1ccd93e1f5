"""What password hashes leave behind: no more than those that were made at once, and no work for the next ones."""

import subprocess
import sys

import pytest

THREADS, AT_ONCE, MB_OF_A_HASH = 24, 2, 20
HASHES = f"""
import resource, threading
from pathlib import Path
from argon2 import PasswordHasher
from infra.malloc import share_freed_memory

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

share_freed_memory()
hasher = PasswordHasher(memory_cost=19_456, time_cost=1, parallelism=1)
before, turns, all_live = resident_mb(), threading.Semaphore({AT_ONCE}), threading.Barrier({THREADS} + 1)

def work():
    with turns:
        hasher.hash("x")
    all_live.wait()
    all_live.wait()

for _ in range({THREADS}):
    threading.Thread(target=work).start()
all_live.wait()
print(resident_mb() - before, resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
all_live.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what mallopt and /proc are")
def test_threads_that_have_hashed_keep_the_memory_of_those_at_once_and_use_it_again() -> None:
    said = subprocess.run([sys.executable, "-c", HASHES], capture_output=True, text=True, check=True, timeout=120)
    kept, faults = map(float, said.stdout.split())
    assert kept < (AT_ONCE + 1) * MB_OF_A_HASH, f"{kept:.0f} MB are kept by {THREADS} threads"
    assert faults < THREADS / 2 * 4864, "each hash gets its pages anew"  # of 4 KB, in 19 MB
