"""docs/webhooks.md: every type is in it as the code sends it, its receivers receive, and its numbers are true."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, get_args

import pytest

from chalicelib.bootstrap import system_clock
from chalicelib.domain.deliveries import DISABLED_AFTER_MS, KEPT_MS, MAX_ENDPOINTS, TRIED_MS, wait_ms
from chalicelib.domain.public_events import TEST_TYPE, TYPES
from chalicelib.domain.types import Json
from chalicelib.domain.webhooks import MAX_ANSWER, MAX_EXCERPT, MAX_URL, SECONDS, Answer, Failure
from chalicelib.webhooks.client import WebhookClient
from chalicelib.webhooks.signature import new_secret, signed_headers
from tests.docs.pages import blocks, section
from tests.docs.webhooks import PAGE, SENT_WHEN, TITLE, bodies, section_text
from tests.support import DAY

TEXT = PAGE.read_text()
(RECEIVER,), (VERIFY,) = blocks(TEXT, "py"), blocks(TEXT, "python")
ID, BODY = "6f1c3a52-1d0c-4a44-9f6f-0a8c2f0d4d11", '{"event": "user.locked", "id": "1", "by": "Grüße"}'.encode()


@pytest.fixture(scope="module")
def sent() -> dict[str, Json]:
    """A body of each type."""
    return bodies()


@pytest.mark.engine
def test_every_type_has_a_sentence_and_a_body(sent: dict[str, Json]) -> None:
    every = {*TYPES, TEST_TYPE}
    assert every - SENT_WHEN.keys() == set(), "say in SENT_WHEN of tests/docs/webhooks.py when it is sent"
    assert every - sent.keys() == set(), "let it happen in tests/docs/webhooks.py"


@pytest.mark.engine
def test_each_body_of_the_page_is_what_is_sent(sent: dict[str, Json]) -> None:
    assert section(TEXT, TITLE) == section_text(sent), ".venv/bin/python -m tests.docs.webhooks writes it anew"
    shown = [json.loads(text) for text in blocks(section(TEXT, TITLE), "json")]
    assert {body["event"]: body for body in shown} == sent


@pytest.mark.engine
def test_all_that_stands_in_a_body_is_explained(sent: dict[str, Json]) -> None:
    table = section(TEXT, "What a body says")
    assert {name for body in sent.values() for name in body if f"| `{name}` |" not in table} == set()


def test_what_there_is_not_yet_is_not_there() -> None:
    named = set(re.findall(r"`([a-z_.]+\.[a-z_0-9]+)`", section(TEXT, "What there is not yet")))
    assert len(named) > 10
    assert named & {*TYPES} == set(), "it has come: take it off the list"


@contextmanager
def receiver(secret: str) -> Iterator[str]:
    """The receiver of the page, in a process of its own; its address."""
    surroundings = {"PATH": os.environ["PATH"], "SECRET": secret, "PORT": "0"}
    process = subprocess.Popen(
        [sys.executable, "-c", RECEIVER], env=surroundings, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with process:
        assert process.stdout is not None
        try:
            port = process.stdout.readline().rpartition(" ")[2].strip()
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.kill()


def test_the_receiver_of_the_page_takes_what_is_signed_and_nothing_else() -> None:
    client, secret = WebhookClient(may_be_private=True), new_secret()
    with receiver(secret) as url:
        assert client.post(url, signed_headers(ID, [secret], BODY, system_clock()), BODY) == Answer(204, "", None)
        other = client.post(url, signed_headers(ID, [new_secret()], BODY, system_clock()), BODY)
    assert not other.ok
    lines = RECEIVER.partition("class Receiver")[2].partition("\n\n\n")
    assert len((lines[0] + lines[2]).strip().splitlines()) <= 11


def test_what_verifies_without_a_library_takes_what_is_signed_and_nothing_else() -> None:
    names: dict[str, Any] = {}
    exec(VERIFY, names)  # noqa: S102 - that it runs is what is tested
    verify, now = names["verify"], system_clock()
    old, new = new_secret(), new_secret()
    headers = signed_headers(ID, [new, old], BODY, now)
    for secret in (old, new):
        assert verify(secret, BODY, headers) == json.loads(BODY)
    late = signed_headers(ID, [new], BODY, now - 6 * 60_000)
    for secret, body, received in ((new_secret(), BODY, headers), (new, BODY + b" ", headers), (new, BODY, late)):
        with pytest.raises(ValueError, match=r"signed with our secret|five minutes ago"):
            verify(secret, body, received)


def test_the_waits_are_those_of_the_code() -> None:
    units = {"s": 1, "min": 60, "h": 3600}
    rows = re.findall(r"^\| (\d+)(?: and more)? \| (\d+) (\w+) \|", section(TEXT, "Tries"), re.MULTILINE)
    waits = {int(after): int(number) * units[unit] for after, number, unit in rows}
    assert waits == {after: wait_ms(after, 0.5) // 1000 for after in range(1, 9)}
    assert wait_ms(8, 0.5) == wait_ms(20, 0.5)


def test_every_failure_is_explained_and_no_other() -> None:
    assert re.findall(r"^\| `(\w+)` \|", section(TEXT, "What can fail"), re.MULTILINE) == list(get_args(Failure))


def test_the_limits_are_those_of_the_code() -> None:
    shown = re.findall(r"\| ([^|]+) \|$", section(TEXT, "Limits"), re.MULTILINE)
    days = [f"{span // DAY} days" for span in (TRIED_MS, DISABLED_AFTER_MS, KEPT_MS)]
    assert shown == [
        str(MAX_ENDPOINTS),
        f"{SECONDS} s",
        f"{MAX_ANSWER // 1024} KB",
        f"{MAX_EXCERPT // 1024} KB",
        *days,
    ]
    assert f"up to {MAX_URL} characters" in TEXT
