"""What password hashes leave behind: the memory of one, whichever thread has made it, and no work for the next ones.

One after the other: of two that are over at the same moment, glibc may give back both.
"""

import subprocess
import sys

import pytest

THREADS, MB_OF_A_HASH = 24, 20
HASHES = f"""
import resource, threading
from pathlib import Path
from argon2 import PasswordHasher
from infra.malloc import share_freed_memory

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

share_freed_memory()
hasher = PasswordHasher(memory_cost=19_456, time_cost=1, parallelism=1)
before, turn, all_live = resident_mb(), threading.Lock(), threading.Barrier({THREADS} + 1)

def work():
    with turn:
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
def test_threads_that_have_hashed_keep_the_memory_of_few_hashes_and_use_it_again() -> None:
    said = subprocess.run([sys.executable, "-c", HASHES], capture_output=True, text=True, check=True, timeout=120)
    kept, faults = map(float, said.stdout.split())
    assert kept < THREADS * MB_OF_A_HASH / 4, f"{kept:.0f} MB are kept by {THREADS} threads"
    assert faults < THREADS / 2 * 4864, "each hash gets its pages anew"  # of 4 KB, in 19 MB
