"""What is acknowledged is kept, whoever is killed and whoever writes beside; and a full disk is no refusal."""

import fcntl
import json
import logging
import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.embedded import database
from infra.embedded.database import Database
from infra.embedded.engine import EmbeddedEngine
from infra.embedded.errors import EngineError
from infra.embedded.process_lock import ProcessLock
from tests.embedded.engines import ask, make_tables

COUNTER = {"pk": {"S": "counter"}, "part": {"S": "a"}}
PROCESSES, KILLS, ACKNOWLEDGED = 3, 2, 40

WRITER = """
import sys
from pathlib import Path
from infra.embedded.database import Database
from infra.embedded.engine import EmbeddedEngine
from tests.embedded.test_durable import take_place

engine, name, most = EmbeddedEngine(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
for number in range(most):
    if not take_place(engine, f"{name}#{number}", most):
        break
    print(f"{name}#{number}", flush=True)
"""
MANY = 1_000_000


def open_files(path: Path) -> list[str]:
    """What this process has open of a file, and beside it."""
    links = [str(file.readlink()) for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]
    return [link for link in links if link.startswith(str(path))]


def take_place(engine: EmbeddedEngine, name: str, most: int) -> bool:
    """One of so many places; False where all are taken."""
    count = {
        "TableName": "ranged",
        "Key": COUNTER,
        "UpdateExpression": "ADD taken :one",
        "ConditionExpression": "attribute_not_exists(taken) OR taken < :most",
        "ExpressionAttributeValues": {":one": {"N": "1"}, ":most": {"N": str(most)}},
    }
    event = {"pk": {"S": "event"}, "part": {"S": name}}
    put = {"TableName": "ranged", "Item": event, "ConditionExpression": "attribute_not_exists(pk)"}
    try:
        engine("TransactWriteItems", {"TransactItems": [{"Update": count}, {"Put": put}]})
    except ClientError as error:
        assert error.response["Error"]["Code"] == "TransactionCanceledException", error
        return False
    return True


def kept(engine: EmbeddedEngine) -> tuple[int, set[str]]:
    """How many places are taken by the counter, and whose events there are."""
    counter = engine("GetItem", {"TableName": "ranged", "Key": COUNTER}).get("Item", {"taken": {"N": "0"}})
    query: dict[str, Any] = {
        "TableName": "ranged",
        "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": {"S": "event"}},
    }
    names = {item["part"]["S"] for item in engine("Query", query)["Items"]}
    return int(counter["taken"]["N"]), names


def put(engine: EmbeddedEngine, part: str, size: int = 1) -> Any:
    item = {"pk": {"S": "p"}, "part": {"S": part}, "big": {"S": "x" * size}}
    return ask(engine, "PutItem", {"TableName": "ranged", "Item": item}).get("error")


def writer(path: Path, name: str, most: int) -> "subprocess.Popen[str]":
    """A process that takes places as long as there are any, and says each that it has got."""
    command = [sys.executable, "-c", WRITER, str(path), name, str(most)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_whoever_is_killed_amid_its_writes_nothing_acknowledged_is_lost_and_nobody_waits(
    engine: EmbeddedEngine, path: Path
) -> None:
    acknowledged: set[str] = set()
    for kill in range(KILLS):
        names = [f"{kill}.{n}" for n in range(PROCESSES)]
        running = [writer(path, name, MANY) for name in names]
        try:
            for process in running:
                assert process.stdout is not None
                acknowledged |= {process.stdout.readline().strip() for _ in range(ACKNOWLEDGED)}
        finally:
            for process in running:
                process.send_signal(signal.SIGKILL)
        for process in running:
            said, _ = process.communicate()
            acknowledged |= set(said.split("\n")[:-1])  # the last line may be cut
        taken, there = kept(engine)
        assert acknowledged <= there
        assert taken == len(there), "the counter and the events are of one transaction"
        assert take_place(engine, f"{kill}.after", MANY)
        acknowledged.add(f"{kill}.after")
    assert len(acknowledged) >= KILLS * PROCESSES * ACKNOWLEDGED
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_threads_that_race_for_places_never_take_more_than_there_are(engine: EmbeddedEngine) -> None:
    with ThreadPoolExecutor(16) as pool:
        granted = list(pool.map(lambda n: take_place(engine, str(n), most=50), range(200)))
    assert sum(granted) == 50
    assert kept(engine) == (50, {str(n) for n, is_granted in enumerate(granted) if is_granted})


def test_processes_that_race_for_places_never_take_more_than_there_are(engine: EmbeddedEngine, path: Path) -> None:
    running = [writer(path, str(number), 150) for number in range(PROCESSES)]
    granted = [name for process in running for name in process.communicate()[0].split()]
    assert [process.returncode for process in running] == [0] * PROCESSES
    assert len(granted) == 150
    assert kept(engine) == (150, set(granted))


def test_another_process_that_writes_is_waited_for_by_writes_alone_and_not_for_ever(
    engine: EmbeddedEngine, path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.05)
    waiting = EmbeddedEngine(path)
    with path.with_name(path.name + ".lock").open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with caplog.at_level(logging.WARNING, "seatkeeper"):
            assert put(waiting, "a") == "ThrottlingException"
        assert len(caplog.records) == 1
        assert ask(waiting, "Scan", {"TableName": "ranged"})["Items"] == []
    assert put(engine, "b") is None
    assert [item["part"]["S"] for item in engine("Scan", {"TableName": "ranged"})["Items"]] == ["b"]
    waiting.close()


def test_a_write_that_is_not_committed_is_seen_by_nobody_and_keeps_no_reader_waiting(
    engine: EmbeddedEngine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(engine, "a")
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("DELETE FROM items")
    assert len(engine("Scan", {"TableName": "ranged"})["Items"]) == 1
    other.execute("ROLLBACK")
    other.close()


def test_a_full_disk_is_no_refusal_and_takes_nothing_that_was_there(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """SQLite's own limit stands for that of the disk."""
    monkeypatch.setattr(database, "SETTINGS", f"{database.SETTINGS}; PRAGMA max_page_count = 40;")
    engine = EmbeddedEngine(path)
    make_tables(engine)
    written: list[str] = []
    with caplog.at_level(logging.ERROR, "seatkeeper"):
        while (error := put(engine, str(len(written)), 8000)) is None:
            written.append(str(len(written)))
    assert error == "ThrottlingException"
    assert written
    assert [record.message.count("FULL") for record in caplog.records] == [1]
    assert [item["part"]["S"] for item in engine("Scan", {"TableName": "ranged"})["Items"]] == sorted(written)
    engine("DeleteItem", {"TableName": "ranged", "Key": {"pk": {"S": "p"}, "part": {"S": "0"}}})
    assert put(engine, "small") is None
    engine.close()


def test_a_disk_that_is_full_at_the_start_is_said_in_a_sentence(engine: EmbeddedEngine, path: Path) -> None:
    """The most that a file of this process may hold stands for the disk."""
    engine.close()
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, most[1]))
    try:
        with pytest.raises(EngineError, match="the disk is full"):
            EmbeddedEngine(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    EmbeddedEngine(path).close()


def test_a_file_that_cannot_be_opened_now_is_no_refusal(tmp_path: Path) -> None:
    """As where the process has as many files open as it may."""
    home = tmp_path / "home"
    with closing(EmbeddedEngine(home / "data.db")) as engine:
        home.rename(tmp_path / "elsewhere")
        with pytest.raises(ClientError) as refused:
            engine("GetItem", {"TableName": "t", "Key": {"pk": {"S": "a"}}})
        assert refused.value.response["Error"]["Code"] == "ThrottlingException"


def test_a_file_that_is_closed_beside_a_commit_is_closed_behind_it(path: Path) -> None:
    database, has_begun, may_end = Database(path), Event(), Event()

    def decide(_read: object) -> tuple[str, list[Any]]:
        has_begun.set()
        assert may_end.wait(30)
        return "done", [("INSERT INTO tables (name, definition) VALUES (?, ?)", ("t", "{}"))]

    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(database.write, decide)
        assert has_begun.wait(30)
        closing = pool.submit(database.close)
        may_end.set()
        assert (writing.result(30), closing.result(30)) == ("done", None)
    assert open_files(path) == []


def test_a_commit_that_outlasts_the_patience_of_who_closes_is_committed_under_the_lock(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Database(path)
    monkeypatch.setattr(database, "WAIT_SECONDS", 0)

    def decide(_read: object) -> tuple[bool, list[Any]]:
        kept.close()
        with path.with_name(path.name + ".lock").open() as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True, []

    assert kept.write(decide)
    kept.close()
    assert open_files(path) == []


def test_a_child_that_is_forked_while_the_lock_is_closed_closes_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    close, statuses = os.close, list[int]()

    def close_and_fork(file: int) -> None:
        close(file)
        monkeypatch.setattr(os, "close", close)
        with (tmp_path / "other").open("w") as other:
            assert other.fileno() == file
            pid = os.fork()
            if not pid:
                try:
                    os.fstat(file)
                except OSError:
                    os._exit(1)
                os._exit(0)
        statuses.append(os.waitpid(pid, 0)[1])

    lock = ProcessLock(tmp_path / "lock")
    monkeypatch.setattr(os, "close", close_and_fork)
    lock.close()
    assert statuses == [0]


def test_the_files_are_closed_to_others(engine: EmbeddedEngine, path: Path) -> None:
    put(engine, "a")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    names = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert names == {path.name + ending: 0o600 for ending in ("", "-wal", "-shm", ".lock", ".lock.next")}


def test_whatever_is_committed_is_brought_to_the_disk_before_it_is_answered(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[sqlite3.Connection] = []

    def connect(*given: Any, connect: Any = sqlite3.connect, **more: Any) -> sqlite3.Connection:
        opened.append(connect(*given, **more))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", connect)
    engine = EmbeddedEngine(path)
    make_tables(engine)
    put(engine, "a")
    writer = opened[-1]
    assert [*writer.execute("PRAGMA journal_mode"), *writer.execute("PRAGMA synchronous")] == [(b"wal",), (2,)]
    engine.close()


def test_a_process_that_was_forked_must_not_use_what_its_parent_has_opened(engine: EmbeddedEngine, path: Path) -> None:
    assert put(engine, "a") is None
    assert engine("Scan", {"TableName": "ranged"})["Count"] == 1
    child = os.fork()
    if child == 0:
        refused = 0
        for use in (
            lambda: put(engine, "a"),
            lambda: engine("Scan", {"TableName": "ranged"}),
            lambda: EmbeddedEngine(path),
        ):
            try:
                use()
            except RuntimeError:
                refused += 1
        os._exit(refused)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    assert put(engine, "b") is None


def test_an_error_of_one_write_is_not_that_of_those_beside_it(engine: EmbeddedEngine, path: Path) -> None:
    """Of many that are decided together."""
    beside = Database(path)

    def fail(_: Any) -> Any:
        raise ZeroDivisionError

    def write(number: int) -> Any:
        if number % 3:
            return beside.write(lambda _: (number, [("UPDATE tables SET name = name", ())]))
        with pytest.raises(ZeroDivisionError):
            beside.write(fail)
        return number

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(write, range(200))) == list(range(200))
    beside.close()


def test_data_of_a_newer_engine_and_a_place_that_cannot_be_written_are_said_in_a_sentence(
    engine: EmbeddedEngine, path: Path, tmp_path: Path
) -> None:
    engine.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(EngineError, match="newer version"):
        EmbeddedEngine(path)
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError, match="cannot be kept"):
        EmbeddedEngine(tmp_path / "file" / "data.sqlite")


def test_a_copy_that_another_program_has_made_is_used_with_a_log_as_every_file(
    engine: EmbeddedEngine, path: Path, tmp_path: Path
) -> None:
    """`VACUUM INTO` keeps the layout's number, and no log: readers would wait for whoever writes."""
    put(engine, "a")
    copy = tmp_path / "copy.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    with closing(EmbeddedEngine(copy)) as restored, closing(sqlite3.connect(copy)) as beside:
        assert beside.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        key = {"TableName": "ranged", "Key": {"pk": {"S": "p"}, "part": {"S": "a"}}}
        beside.execute("BEGIN EXCLUSIVE")
        assert "Item" in restored("GetItem", key)


def test_what_a_newer_version_has_written_is_read_and_kept(engine: EmbeddedEngine, path: Path) -> None:
    put(engine, "a")
    newer = {"M": {"list": {"L": [{"NULL": True}]}}}
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE items SET item = json_set(item, '$.newer', json(?))", (json.dumps(newer),))
    connection.close()
    key = {"TableName": "ranged", "Key": {"pk": {"S": "p"}, "part": {"S": "a"}}}
    assert engine("GetItem", key)["Item"]["newer"] == newer
    update = {"UpdateExpression": "SET big = :x", "ReturnValues": "ALL_NEW"}
    for length, error in ((400_000, None), (420_000, "ValidationException")):
        value = {"ExpressionAttributeValues": {":x": {"S": "x" * length}}}
        assert ask(engine, "UpdateItem", key | update | value).get("error") == error
    assert engine("GetItem", key)["Item"]["newer"] == newer


def test_the_log_of_sqlite_is_made_short_again(
    engine: EmbeddedEngine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WAL_BYTES", 100_000)
    for n in range(40):
        put(engine, str(n % 3), 10_000)
    assert path.with_name(path.name + "-wal").stat().st_size <= 100_000


def test_what_has_expired_is_deleted_and_nothing_else(engine: EmbeddedEngine) -> None:
    def keep(table: str, pk: str, **expires: Any) -> None:
        engine("PutItem", {"TableName": table, "Item": {"pk": {"S": pk}, "part": {"S": "a"}} | expires})

    for number in range(5):
        keep("hashed", str(number), expires={"N": str(number)})
        keep("ranged", str(number), expires={"N": str(number)})
    for name, value in {"never": {}, "text": {"expires": {"S": "1"}}, "below": {"expires": {"N": "-1"}}}.items():
        keep("hashed", name, **value)
    keep("hashed", "0", expires={"N": "9"})  # it has come to last longer
    assert [engine.delete_expired("hashed", 3, 1), engine.delete_expired("hashed", 3, 100)] == [1, 1]
    left = {item["pk"]["S"] for item in engine("Scan", {"TableName": "hashed"})["Items"]}
    assert left == {"0", "3", "4", "never", "text", "below"}
    assert engine("Scan", {"TableName": "ranged"})["Count"] == 5


LAST_TO_CLOSE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT count(*) FROM items").fetchall()
connection.close()
"""


def test_an_engine_that_is_opened_beside_another_takes_no_lock_from_it(engine: EmbeddedEngine, path: Path) -> None:
    """Whoever closes a file loses all locks that his process has on it: another process would take itself for the last
    one, move the log into the data and remove it.
    """
    put(engine, "a")
    EmbeddedEngine(path)
    subprocess.run([sys.executable, "-c", LAST_TO_CLOSE, path], check=True)
    assert path.with_name(f"{path.name}-wal").exists()
    put(engine, "b")
    with ThreadPoolExecutor(4) as threads:
        read = threads.map(
            lambda _: engine("GetItem", {"TableName": "ranged", "Key": {"pk": {"S": "p"}, "part": {"S": "b"}}}),
            range(8),
        )
        assert all("Item" in answer for answer in read)


def test_what_others_could_read_is_closed_to_them(path: Path) -> None:
    EmbeddedEngine(path).close()
    path.chmod(0o644)
    EmbeddedEngine(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
