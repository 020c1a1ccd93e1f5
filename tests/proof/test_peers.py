"""The race for another server tells each way of selling wrongly for what it is, and lets a server that is right be."""

from collections import Counter
from threading import Barrier, Lock
from typing import Any, Self

import pytest

from tests.proof import peers
from tests.proof.history import Op
from tests.proof.peers import CLIENTS, DEVICES, PLACES, RIGHT, race, summary, verdict
from tests.race.clients import LOST, OK

FULL, ABSENT = "license_activated_max_times", "device_not_found"


class Server:
    """One that is right: whoever asks is answered under one lock."""

    def __enter__(self) -> Self:
        self.lock, self.places, self.held = Lock(), Counter[str](), dict[str, set[str]]()
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    def issue(self, places: int) -> str:
        license = f"license-{len(self.held)}"
        self.places[license], self.held[license] = places, set()
        return license

    def activate(self, license: str, device: str) -> bool:
        with self.lock:
            if device not in self.held[license]:
                if len(self.held[license]) >= self.places[license]:
                    return False
                self.held[license].add(device)
            return True

    def check(self, license: str, device: str) -> bool:
        with self.lock:
            return device in self.held[license]


class Generous(Server):
    """Grants whatever it is asked."""

    def issue(self, places: int) -> str:
        return super().issue(places + CLIENTS)


class Hasty(Server):
    """Counts, then writes, and all clients come between."""

    def issue(self, places: int) -> str:
        self.crowd = Barrier(CLIENTS)
        return super().issue(places)

    def activate(self, license: str, device: str) -> bool:
        is_free = len(self.held[license]) < self.places[license]
        self.crowd.wait(10)
        if is_free:
            self.held[license].add(device)
        return is_free


class Mean(Server):
    """Refuses one too many."""

    def issue(self, places: int) -> str:
        return super().issue(places - 1)


class Forgetful(Server):
    """Does not know one of the devices that it granted a place."""

    def check(self, license: str, device: str) -> bool:
        return device != max(self.held[license], default="") and super().check(license, device)


class Evicting(Server):
    """Takes a place away from one device for the next."""

    def activate(self, license: str, device: str) -> bool:
        with self.lock:
            held = self.held[license]
            if device not in held and len(held) >= self.places[license]:
                held.pop()
            held.add(device)
            return True


class Mumbling(Server):
    """Is right, but every third activation is not answered."""

    calls = 0

    def activate(self, license: str, device: str) -> bool:
        granted = super().activate(license, device)
        self.calls += 1
        if self.calls % 3 == 0:
            raise ConnectionError
        return granted


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (Server, "right: 5 of 5 places granted, 5 held afterwards"),
        (Generous, "oversold by 7: 12 of 5 places granted, 12 held afterwards"),
        (Hasty, "oversold by 7: 12 of 5 places granted, 12 held afterwards"),
        (Evicting, "oversold by 7: 12 of 5 places granted, 5 held afterwards"),
        (Mean, "undersold: 4 of 5 places granted, 4 held afterwards"),
        (Forgetful, "contradictory: 5 of 5 places granted, 4 held afterwards"),
    ],
)
def test_each_server_is_told_for_what_it_is(server: type[Server], expected: str) -> None:
    with server() as driver:
        assert [summary(history) for history in race(driver, 2)] == [expected] * 2


def test_an_answer_that_was_lost_is_held_against_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    with Mumbling() as driver:
        history = race(driver, 1)[0]
    lost = [op for op in history if op.is_open]
    assert len(lost) == CLIENTS // 3
    assert summary(history).endswith(f" 5 held afterwards, {len(lost)} calls not answered")
    assert verdict(history) == RIGHT
    assert capsys.readouterr().err.count(": ConnectionError()\n") == len(lost)


def test_some_devices_call_twice_at_once_and_all_are_checked_in_the_rush_and_after_it() -> None:
    with Server() as driver:
        history = race(driver, 1)[0]
    rush, looks = history[:-DEVICES], history[-DEVICES:]
    activated = Counter(op.device for op in rush if op.verb == "activate")
    assert sorted(activated.values()) == [1] * (2 * DEVICES - CLIENTS) + [2] * (CLIENTS - DEVICES)
    assert {op.device for op in rush if op.verb == "check"} == set(activated)
    assert [op.device for op in looks] == [op.device for op in sorted(looks, key=lambda op: op.start)]
    assert {op.device for op in looks} == set(activated)
    assert max(op.end for op in rush) <= min(op.start for op in looks)


GRANTED = [Op("activate", 1, 2, OK, device) for device in "abcd"]
assert len(GRANTED) == PLACES - 1


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ([], "right"),
        ([Op("activate", 1, 2, OK, "e"), Op("activate", 0, 1.1, FULL, "f")], "right"),
        ([Op("activate", 1, 9, LOST, "e"), Op("activate", 2, 3, FULL, "f")], "right"),
        ([Op("activate", 1, 2, OK, "d"), Op("activate", 2, 3, FULL, "f")], "undersold"),  # d has got two places
        ([Op("activate", 1, 2, OK, "e"), Op("activate", 0, 0.9, FULL, "f")], "undersold"),
        ([Op("activate", 3, 4, FULL, "f"), Op("activate", 5, 6, OK, "f")], "undersold"),
        ([Op("activate", 1, 2, OK, "e"), Op("activate", 3, 4, FULL, "a")], "contradictory"),
        ([Op("activate", 3, 4, OK, "e"), Op("check", 2.1, 2.2, ABSENT, "a")], "contradictory"),
        ([Op("activate", 3, 4, OK, "e"), Op("check", 2.1, 2.2, OK, "e")], "contradictory"),
        ([Op("activate", 1, 2, OK, "e"), Op("check", 3, 4, OK, "f")], "oversold by 1"),
    ],
)
def test_a_history_is_judged_by_what_is_certain(more: list[Op], expected: str) -> None:
    assert verdict([*GRANTED, *more]) == expected


@pytest.mark.parametrize(("server", "code"), [(Server, 0), (Mumbling, 0), (Generous, 1), (Mean, 1), (Forgetful, 1)])
def test_the_command_fails_where_places_were_sold_wrongly_and_shows_the_calls(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], server: type[Server], code: int
) -> None:
    monkeypatch.setattr("sys.argv", ["peers", f"{__name__}:{server.__name__}", "--rounds", "1"])
    assert peers.main() == code
    said = capsys.readouterr().out
    assert said.startswith("1 of 1 rounds ")
    starts = [line.split("..")[0] for line in said.splitlines()[1:]]
    assert len(starts) == (2 * CLIENTS + DEVICES if code else 0)
    assert starts == sorted(starts)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("tests.proof.nowhere:Server", "there is no tests.proof.nowhere:Server: No module named 'tests.proof.nowhere'"),
        ("tests.proof.test_peers:Nobody", "there is no tests.proof.test_peers:Nobody: "),
        ("tests.proof.test_peers", "tests.proof.test_peers is no class: name one of that module, as MODULE:CLASS"),
        ("tests.proof.test_peers:FULL", "tests.proof.test_peers:FULL is no class: "),
        ("tests.proof.peers:Barrier", "tests.proof.peers:Barrier is no driver: it has no __enter__, __exit__, issue, "),
        ("", "there is no : invalid format: ''"),
        (":", "there is no :: invalid format: ':'"),
        ("nothing at all", "there is no nothing at all: invalid format: 'nothing at all'"),
    ],
)
def test_what_is_no_driver_is_named_as_that(
    name: str, why: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["peers", name])
    with pytest.raises(SystemExit) as end:
        peers.main()
    assert end.value.code == 2
    assert f"error: argument MODULE:CLASS: {why}" in capsys.readouterr().err
