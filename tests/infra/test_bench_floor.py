"""The floor of a call does what the call does: the same rows are read and written, and the answer is as long."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import runtime, using
from infra import local
from infra.bench import vendor
from infra.bench.clients import BenchError, Job, request_bytes
from infra.bench.floor import Floor, Plan
from infra.bench.in_process import responder
from infra.bench.plans import watch
from infra.bench.rows import FLOOR, OURS, Row, measure_row
from infra.bench.servers import environment, serving
from infra.call import signed_headers

Planned = Callable[[vendor.Calls], tuple[Plan, bytes]]


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planned]:
    """The plan of a call, and its answer, in a home of its own."""
    home = tmp_path_factory.mktemp("home")
    with using(bootstrap(environment(home))), pytest.MonkeyPatch.context() as patch:
        patch.setattr(vendor, "USERS", vendor.USERS_OF_LICENSE)
        patch.setattr(vendor, "LICENSES", 2)
        prepared, respond = vendor.prepare(), responder()
        headers = signed_headers(prepared.api_key, prepared.shared_key)

        def made(calls: vendor.Calls) -> tuple[Plan, bytes]:
            jobs, before = calls(prepared, 1)
            for job in before:
                respond(request_bytes(*job, headers))
            plan = Plan(str(tmp_path_factory.mktemp("floor") / "floor.db"))
            (last,) = jobs
            answer = respond(request_bytes(*last, headers)) if last[0].startswith("check") else b""
            watch(respond, request_bytes(*last, headers), local.database_file(home), plan)
            return plan, answer

        yield made


def rows_of(plan: Plan) -> int:
    with closing(sqlite3.connect(plan.database)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM items").fetchone()
    return int(count)


def floor_of(plan: Plan) -> Floor:
    return Floor(plan, runtime().secrets.read().signing_key)


def body_of(floor: Floor) -> bytes:
    said: list[list[tuple[str, str]]] = []
    body = b"".join(floor({}, lambda _, head: said.append(head)))  # type: ignore[arg-type]
    assert dict(said[0])["Content-Length"] == str(len(body))
    return body


def test_a_check_reads_all_of_license_and_device_at_once_and_writes_nothing(planned: Planned) -> None:
    plan, answer = planned(vendor.checks)
    ((keys, written),) = plan.steps
    assert [part.partition("#")[0] for _, _, part in keys] == ["license", "extras", "device"]
    assert written == []
    assert len(body_of(floor_of(plan))) == len(answer.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize("calls", [vendor.activations, vendor.activations_by_user], ids=["by key", "by user"])
def test_an_activation_writes_its_rows_in_one_commit_and_the_new_ones_anew_each_time(
    planned: Planned, calls: vendor.Calls
) -> None:
    plan, _ = planned(calls)
    commits = [[key[2].partition("#")[0] for key, _, _, is_new in written if is_new] for _, written in plan.steps]
    assert [{"at", "device"} <= set(new) for new in commits if "device" in new] == [True]  # with its event
    before, floor = rows_of(plan), floor_of(plan)
    body_of(floor)
    body_of(floor)
    assert rows_of(plan) == before + 2 * sum(map(len, commits))


def test_what_is_refused_has_no_floor(planned: Planned) -> None:
    def unknown(_vendor: vendor.Vendor, _count: int) -> tuple[list[Job], list[Job]]:
        return [("activate_license", {"product": "viewer", "license_key": "none", "hardware_id": "x"})], []

    with pytest.raises(BenchError, match="was refused"):
        planned(unknown)


def test_ours_and_its_floor_are_servers_that_make_all_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor, "LICENSES", 2)
    monkeypatch.setattr(vendor, "USERS", 0)
    row = Row("activate by key", vendor.activations, clients=2, count=8, signatures=2)
    with serving(tmp_path) as ours:
        found = measure_row(row, tmp_path, {OURS: ours})
    assert {name: dict(one.statuses) for name, one in found.items()} == {OURS: {200: 8}, FLOOR: {200: 8}}
