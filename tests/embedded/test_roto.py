"""The embedded engine: it starts, it keeps what it acknowledged, and it never shares its data."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.serve import ROOT
from tests import roto as engine


@contextmanager
def database(running: engine.Engine) -> Iterator[Any]:
    """A client of the engine."""
    client = boto3.client(
        "dynamodb",
        endpoint_url=running.endpoint,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    with closing(client):
        yield client


def put(running: engine.Engine, *names: str) -> None:
    """Make a table and put items with these names."""
    with database(running) as client:
        client.create_table(
            TableName="table",
            KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        for name in names:
            client.put_item(TableName="table", Item={"name": {"S": name}})


def names_in(running: engine.Engine) -> set[str]:
    """The names of all items."""
    with database(running) as client:
        return {item["name"]["S"] for item in client.scan(TableName="table")["Items"]}


def test_what_was_acknowledged_is_there_after_a_kill(tmp_path: Path) -> None:
    names = {f"item {number}" for number in range(50)}
    with engine.start(tmp_path / "data") as first:
        put(first, *names)
        first.kill()
    with engine.start(tmp_path / "data") as second:
        assert names_in(second) == names


def test_what_was_written_is_there_after_a_stop_in_good_order(tmp_path: Path) -> None:
    with engine.start(tmp_path / "data") as first:
        put(first, "kept")
    with engine.start(tmp_path / "data") as second:
        assert names_in(second) == {"kept"}


def test_an_engine_in_memory_starts_empty_and_beside_another() -> None:
    with engine.start(None) as first, engine.start(None) as second:
        put(first, "of the first")
        put(second)
        assert names_in(first) == {"of the first"}
        assert names_in(second) == set()


def test_stopping_twice_is_stopping_once(tmp_path: Path) -> None:
    running = engine.start(tmp_path / "data")
    running.stop()
    running.stop()
    assert running.process.returncode is not None


def test_a_second_engine_on_the_same_data_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    with engine.start(tmp_path / "data") as first:
        put(first, "before")
        with pytest.raises(engine.EngineError, match=r"^Another engine is running on .*data: stop it first\.$"):
            engine.start(tmp_path / "data")
        assert names_in(first) == {"before"}


def test_whether_an_engine_runs_can_be_asked(tmp_path: Path) -> None:
    assert not engine.is_running(tmp_path / "data")
    with engine.start(tmp_path / "data") as running:
        assert engine.is_running(tmp_path / "data")
        running.kill()
        assert not engine.is_running(tmp_path / "data")


def test_a_port_in_use_is_one_sentence_and_leaves_the_data_free(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            engine.EngineError, match=rf"^The engine cannot have port {port}: Address already in use\.$"
        ):
            engine.start(tmp_path / "data", port)
    assert not engine.is_running(tmp_path / "data")


def test_a_directory_that_cannot_be_had_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file is in the way")
    with pytest.raises(engine.EngineError, match=r"^The data cannot be kept in .*data: File exists\.$"):
        engine.start(tmp_path / "data")


def test_an_engine_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """Even where that was killed: the data is free for the next one."""
    script = """
import sys
from pathlib import Path
from tests import roto as engine
engine.start(Path(sys.argv[1]))
print("started", flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", script, str(tmp_path / "data")]
    starter = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with starter:
        assert starter.stdout is not None
        starter.stdout.readline()
        assert engine.is_running(tmp_path / "data")
        starter.send_signal(signal.SIGKILL)
    with engine.start(tmp_path / "data") as next_one:
        put(next_one, "free")


def test_the_environment_holds_no_aws_setting_of_the_developers_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a token")
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "https://dynamodb.us-east-1.amazonaws.com")
    given = engine.environment("http://127.0.0.1:1")
    assert given["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert given["PATH"] == os.environ["PATH"]
    assert not given.keys() & {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_DYNAMODB"}


def test_the_last_words_of_an_engine_are_kept_when_the_next_one_starts(tmp_path: Path) -> None:
    log = tmp_path / "data.log"
    log.write_bytes(b"old\n" * 50_000 + b"the disk is broken")
    for starts in (1, 2, 3):
        with engine.start(tmp_path / "data"):
            said = log.read_text()
            assert said.count("roto listening") == starts
            assert "old\nthe disk is broken\n" in said
            assert len(said) < 70_000


def test_an_engine_that_does_not_start_is_not_excused_by_what_another_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.start(tmp_path / "data"):
        pass
    monkeypatch.setattr(engine, "binary", lambda: "/bin/false")
    with pytest.raises(engine.EngineError, match=r"^The engine ended at once \(exit 1\)\. It said nothing\.$"):
        engine.start(tmp_path / "data")
