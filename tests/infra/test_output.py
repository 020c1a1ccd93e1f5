"""What a command answers on standard output, also where nobody can have it."""

import subprocess
import sys

import pytest

from infra.serve import ROOT


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("infra.cost >/dev/full", "No space left on device"),
        ("infra.scale --version >&-", "Bad file descriptor"),
    ],
)
def test_an_answer_that_cannot_be_written_is_one_sentence_and_exit_3(line: str, reason: str) -> None:
    script = f'set -o pipefail; "{sys.executable}" -m {line}'
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, f"The answer could not be written ({reason}).\n")


def test_who_reads_no_more_ends_it_in_silence() -> None:
    script = f'set -o pipefail; "{sys.executable}" -m infra.scale | true'
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (141, "", "")
