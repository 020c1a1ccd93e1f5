"""An AWS on this machine: ministack, which carries a template out and runs what is in it.

It judges every call of a function by the function's role. What it has belongs to the account that the access key
names; HTTP, which names none, comes to `ACCOUNT`.
"""

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import httpx

from infra.child import Child, die_with
from tests.roto import EngineError, free_port

ACCOUNT, REGION = "000000000000", "eu-central-1"
HOME = Path(__file__).resolve().parents[2] / ".ministack"
_LAUNCH = Path(__file__).with_name("launch.py")
_START_SECONDS = 120.0
TIMEOUT_SECONDS = 120.0
"""For an answer over HTTP: on a busy machine a function's first call alone takes longer than a client's usual five."""


class Ministack(Child):
    """A running ministack."""

    @property
    def endpoint(self) -> str:
        """What `AWS_ENDPOINT_URL` has to be."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self, account: str = ACCOUNT) -> dict[str, str]:
        """Of an operator of an account: ours, without any AWS setting of the developer's own."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SEATKEEPER_"))}
        return ours | {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "root",
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }


def start(scratch: Path) -> Ministack:
    """Start it on a free loopback port, with its files in `scratch`; returns when it answers."""
    port = free_port()
    words = scratch / "ministack.log"
    with words.open("wb") as log:
        process = subprocess.Popen(
            [
                HOME / "bin" / "python",
                "-P",
                _LAUNCH,
                HOME / "functions" / "bin" / "python",
            ],  # -P: not what is beside it
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={
                "PATH": os.defpath,
                "HOME": str(scratch),
                "TMPDIR": str(scratch),
                "BIND_HOST": "127.0.0.1",  # it would listen to everybody
                "GATEWAY_PORT": str(port),
                "MINISTACK_REGION": REGION,
                "AUTH": "true",
            },
            start_new_session=True,
            preexec_fn=die_with(os.getpid()),  # noqa: PLW1509 - it takes no lock and loads nothing
        )
    ministack = Ministack(process, port)
    try:
        _wait_until_it_answers(ministack, words)
    except BaseException:
        ministack.kill()
        raise
    return ministack


def _wait_until_it_answers(ministack: Ministack, words: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        with suppress(httpx.TransportError):
            httpx.get(f"{ministack.endpoint}/_ministack/health", timeout=TIMEOUT_SECONDS)
            return
        if ministack.process.poll() is not None or time.monotonic() > deadline:
            raise EngineError(f"ministack does not answer. It said: {words.read_text()[-2000:]}")
        time.sleep(0.05)
