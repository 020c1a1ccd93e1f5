"""The memory of password hashes is given back."""

import subprocess
import sys

import pytest

THREADS = 24
HASHES = f"""
import threading
from pathlib import Path
from argon2 import PasswordHasher
from infra.malloc import give_back_what_is_large

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

give_back_what_is_large()
hasher = PasswordHasher(memory_cost=19_456, time_cost=1, parallelism=1)
hasher.hash("x")
before, at_once = resident_mb(), threading.Barrier({THREADS} + 1)

def work():
    hasher.hash("x")
    at_once.wait()  # all live
    at_once.wait()

for _ in range({THREADS}):
    threading.Thread(target=work).start()
at_once.wait()
print(resident_mb() - before)
at_once.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what mallopt and /proc are")
def test_threads_that_have_hashed_keep_no_memory_for_it() -> None:
    said = subprocess.run([sys.executable, "-c", HASHES], capture_output=True, text=True, check=True, timeout=120)
    kept = float(said.stdout)
    assert kept < 19, f"{kept:.0f} MB are kept by {THREADS} threads"
