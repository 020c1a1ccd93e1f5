"""The profile of a call: the line that is at work is the line that is named, and every layer has its files."""

import hashlib
import threading
import time
from pathlib import Path

import pytest

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import using
from infra.bench import vendor
from infra.bench.clients import request_bytes
from infra.bench.in_process import responder, writing_here
from infra.bench.layer_floors import layer_floors
from infra.bench.profile import CALLS, Profile, Sampler, layer_of, main, profile, table
from infra.bench.rows import ROWS
from infra.bench.servers import environment
from infra.call import signed_headers
from infra.stage.stages import ROOT


def test_the_line_that_is_at_work_is_found_though_c_code_is_not_interrupted() -> None:
    sampler, started = Sampler(), time.process_time()
    with sampler.sampling():
        for _ in range(3):
            hashlib.pbkdf2_hmac("sha256", b"", b"", 300_000)  # each in C code that is longer than a period
    spent = time.process_time() - started
    ((path, number), seconds) = max(sampler.lines.items(), key=lambda line: line[1])
    source = (ROOT / path).read_text().splitlines()[number - 1]
    assert path == "tests/infra/test_bench_profile.py"
    assert "pbkdf2_hmac" in source or "for _ in" in source  # where a signal is handled that came meanwhile
    assert seconds > spent / 2


def test_every_layer_has_a_file() -> None:
    files = [path for top in ("chalicelib", "infra") for path in (ROOT / top).rglob("*.py")]
    libraries = [Path(f"/x/site-packages/{name}") for name in ("chalice/app.py", "argon2/_x.py", "pynamodb/a.py")]
    found = {layer_of(str(path), 1) for path in [*files, *libraries, ROOT / "app.py"]}
    text = table({"check": Profile(1.0, {}, {})})
    assert [layer for layer in found if layer and f"| {layer} |" not in text] == []
    assert len(found - {""}) == text.count("| 0 |") - 2  # SQLite is lines of the engine; and there is the rest


@pytest.mark.parametrize(
    ("file", "line", "layer"),
    [
        ("infra/embedded/database.py", "connection.execute(sql", "SQLite"),
        ("infra/embedded/database.py", "def read(", "engine"),
        ("chalicelib/signing.py", "key.sign(digest", "RSA signatures"),
        ("infra/http_request.py", "def environ(", "HTTP"),
    ],
)
def test_a_line_belongs_to_its_layer(file: str, line: str, layer: str) -> None:
    lines = (ROOT / file).read_text().splitlines()
    number = next(number for number, text in enumerate(lines, 1) if line in text)
    assert layer_of(str(ROOT / file), number) == layer


def test_each_call_can_be_profiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor, "USERS", vendor.USERS_OF_LICENSE)
    before = set(threading.enumerate())
    with using(bootstrap(environment(tmp_path))), writing_here():
        prepared, respond = vendor.prepare(), responder()
        made = {name: profile(calls, 5, prepared, respond) for name, (calls, _) in CALLS.items()}
    assert set(threading.enumerate()) <= before  # a timer interrupts one thread alone
    for one in made.values():
        assert sum(one.layers.values()) == pytest.approx(one.microseconds) or not one.layers
    assert f"| **all** | **{made['check'].microseconds:,.0f}** |" in table(made)


def test_the_floor_of_a_layer_stands_beside_it(tmp_path: Path) -> None:
    with using(bootstrap(environment(tmp_path))), writing_here():
        prepared, respond = vendor.prepare(), responder()
        row = next(row for row in ROWS if row.name == "activate by key")
        (job,), _ = row.calls(prepared, 1)
        request = request_bytes(*job, signed_headers(prepared.api_key, prepared.shared_key))
        floors = layer_floors(row, tmp_path, request, respond)
    assert floors["HTTP"] > 0
    assert floors["SQLite"] > 0
    assert floors["RSA signatures"] > floors["argon2 of the password"]
    lines = table({"check": Profile(1.0, {}, {}), row.name: Profile(1.0, {}, {}, floors)}).splitlines()
    assert lines[0] == "| µs of CPU a call | check | activate by key | floor |"
    for layer, floor in floors.items():
        assert f"| {layer} | 0 | 0 | {floor:,.0f} |" in lines, "each is a layer of the profile"


def test_a_call_that_is_none_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["rename_license"])
    assert "there is no call 'rename_license': there are check, " in capsys.readouterr().err
