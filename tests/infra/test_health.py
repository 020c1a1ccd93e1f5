"""What a server says of itself: whether it is there, whether its database is, and of each call one line."""

import json
import logging
import os
import re
import socket
import threading
from pathlib import Path
from typing import Any, Never

import httpx
import pytest
from botocore.exceptions import BotoCoreError

from chalicelib import observability
from chalicelib.domain.errors import Unavailable
from chalicelib.store import database, writes
from chalicelib.store.probe import probe
from chalicelib.threads import ThreadPool
from chalicelib.version import VERSION, git_commit
from chalicelib.web import clock
from infra import local, run, serve
from infra.health import CACHE_SECONDS, PATIENCE_SECONDS, Readiness
from infra.quiet import SECONDS, OncePerMinute


class Probe:
    """A database and a clock as a test sets them."""

    def __init__(self) -> None:
        self.now, self.asked, self.fails = 1000.0, 0, False
        self.readiness = Readiness(self, lambda: self.now)

    def __call__(self) -> None:
        self.asked += 1
        if self.fails:
            raise Unavailable("database_read_only")

    def is_ready_after(self, seconds: float) -> bool:
        self.now += seconds
        return self.readiness.is_ready()


def test_the_database_is_asked_once_a_second_however_often_somebody_looks() -> None:
    database = Probe()
    assert [database.is_ready_after(CACHE_SECONDS / 4) for _ in range(8)] == [True] * 8
    assert database.asked == 2
    database.fails = True
    assert [database.is_ready_after(CACHE_SECONDS), database.is_ready_after(0)] == [False, False]
    database.fails = False
    assert (database.is_ready_after(CACHE_SECONDS), database.asked) == (True, 4)


def test_nobody_waits_for_a_probe_that_hangs() -> None:
    database, begun, go_on = Probe(), threading.Event(), threading.Event()
    assert database.is_ready_after(0)

    def hang() -> None:
        begun.set()
        go_on.wait(30)

    hanging = Readiness(hang, lambda: database.now)
    with ThreadPool(1) as threads:
        first = threads.submit(hanging.is_ready)
        assert begun.wait(30)
        assert not hanging.is_ready(), "it was never known to be ready"
        go_on.set()
        assert first.result(30)
    database.readiness.probing.acquire()
    assert database.is_ready_after(PATIENCE_SECONDS - 1), "what was true a moment ago"
    assert not database.is_ready_after(1)


def test_a_probe_writes_and_reads_what_it_has_written(monkeypatch: pytest.MonkeyPatch) -> None:
    probe(clock.now())
    probe(clock.now())
    monkeypatch.setattr(writes, "observe", lambda *_: None)
    with pytest.raises(Unavailable):
        probe(clock.now())


def log_lines(errors: str) -> list[dict[str, Any]]:
    """The lines of a server that says nothing else."""
    return [json.loads(line) for line in errors.splitlines()]


def ask_all(base_url: str) -> list[tuple[int, str]]:
    """Calls of every fate; the status and the request id of each answer."""
    port = int(base_url.rsplit(":", 1)[1])
    with httpx.Client(base_url=base_url, headers={"X-Request-Id": "chosen"}, timeout=60) as http:
        answers = [
            http.get("/"),
            http.get("/healthz"),
            http.head("/healthz"),
            http.get("/nothing"),
            http.get("/nothing", headers={"Accept": "text/html"}),
            http.get("/api/v4/check_license"),
            http.post("/", content=bytes(300_000)),
        ]
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(b"NONSENSE\r\n\r\n")
        head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
    status, *fields = head.decode().splitlines()
    raw = httpx.Response(int(status.split()[1]), headers=dict(field.split(": ", 1) for field in fields), content=body)
    return [(answer.status_code, answer.headers["X-Request-Id"]) for answer in (*answers, raw)]


STATUSES = [200, 200, 200, 404, 404, 400, 413, 400]


@pytest.mark.parametrize(("level", "lines", "metrics"), [("off", 0, 0), ("brief", 8, 0), ("full", 8, 5)])
def test_each_call_is_one_line_with_the_fields_of_aws(
    level: str, lines: int, metrics: int, capfd: pytest.CaptureFixture[str]
) -> None:
    with serve.start(dict(os.environ) | {"SEATKEEPER_LOG": level}) as server:
        answers = ask_all(server.base_url)
        ready = httpx.get(f"{server.base_url}/readyz", timeout=60)
    assert [status for status, _ in answers] == STATUSES
    assert ready.json() == {"status": "ready"}
    assert len({ready.headers["X-Request-Id"], "chosen", *(request_id for _, request_id in answers)}) == 10
    found = log_lines(capfd.readouterr().err)
    assert [(line["status"], line["request_id"]) for line in found] == answers[:lines]
    assert sum("_aws" in line for line in found) == metrics
    known = {*observability.FIELDS, *observability.METRICS, observability.STAGE, observability.CODE, "_aws"}
    assert [line.keys() - known for line in found] == [set()] * lines
    assert all(line["duration_ms"] >= 0 and line["kind"] == "request" for line in found)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line["time"]) for line in found)
    this = (VERSION, git_commit(serve.ROOT).removesuffix("-dirty"))  # somebody may be writing
    assert [(line["version"], line["commit"].removesuffix("-dirty")) for line in found] == [this] * lines


def test_a_server_without_records_names_the_request_that_an_error_is_of() -> None:
    logged = logging.LogRecord("seatkeeper", logging.ERROR, __file__, 1, "bug in %s", ("GET",), None)
    said = serve.RequestFormatter("%(name)s: %(message)s")
    with observability.Log("here").record("request", request_id="9f86d081"):
        assert said.format(logged) == "seatkeeper: bug in GET (request 9f86d081)"
    assert said.format(logged) == "seatkeeper: bug in GET"


def test_without_its_database_a_server_is_alive_and_not_ready_and_says_why_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    environment = local.environment(tmp_path)  # no table is there
    with serve.start(environment) as server, httpx.Client(base_url=server.base_url, timeout=60) as http:
        assert (http.get("/healthz").status_code, http.get("/healthz/").text) == (200, '{"status":"ok"}')
        for path in ("/readyz", "/readyz/", "/readyz"):
            answer = http.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "service_busy")
            assert (answer.json()["status"], answer.headers["Retry-After"]) == (503, "1")
        assert (http.head("/readyz").status_code, http.head("/readyz").text) == (503, "")
        wrong = http.post("/readyz")
        assert (wrong.status_code, wrong.headers["Allow"]) == (405, "GET, HEAD")
    errors = capfd.readouterr().err
    assert errors.count("not ready") == 1
    assert "Traceback" not in errors


def test_a_thing_is_said_once_a_minute_and_how_often_it_was_not(caplog: pytest.LogCaptureFixture) -> None:
    now = 1000.0
    log, once_a_minute = logging.getLogger("seatkeeper.test"), OncePerMinute(lambda: now)

    def say(error: Exception | None) -> None:
        log.error("bug in %s", "GET", exc_info=error) if error else log.warning("busy")

    caplog.handler.addFilter(once_a_minute)
    try:
        for _ in range(5):
            say(OSError())
            say(KeyError())
            say(None)
        assert caplog.messages == ["bug in GET", "bug in GET", "busy"]
        now += SECONDS
        say(OSError())
        assert caplog.messages[3:] == ["bug in GET (4 more like this were left out)"]
    finally:
        caplog.handler.removeFilter(once_a_minute)


def test_a_database_that_is_busy_is_reported(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def refuse(*_: object) -> Never:
        raise BotoCoreError

    monkeypatch.setattr(database.connection(), "dispatch", refuse)
    monkeypatch.setattr(database, "back_off", lambda _attempt: None)
    with pytest.raises(Unavailable):
        probe(clock.now())
    assert caplog.messages == ["the database is busy or out of reach: BotoCoreError"]


@pytest.mark.parametrize(("left", "warns"), [(run.LOW_DISK_BYTES, False), (run.LOW_DISK_BYTES - 1, True)])
def test_a_disk_that_is_nearly_full_is_reported(
    left: int, warns: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("infra.run.shutil.disk_usage", lambda _path: Disk(left))
    with run.watching_disk(tmp_path, run.Stopping(60)):
        pass
    assert [f"the disk of {tmp_path} has 255 MB left" in message for message in caplog.messages] == [True] * warns


class Disk:
    """What there is of one."""

    def __init__(self, free: int) -> None:
        self.free = free
