"""The command that makes one call: what it sends how, and what it says where it cannot."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.licenseapi.routes import endpoint
from infra import call
from infra.serve import ROOT
from tests.infra.operator import DEMO

ELLIPTIC = (
    generate_private_key(SECP256R1())
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
)


def test_infra_call_knows_which_calls_take_a_body() -> None:
    posts = {one.route.strip("/") for one in endpoint.declared if one.body is not None}
    assert posts == call.POST_CALLS


@pytest.mark.parametrize(
    ("arguments", "demo_json", "sentence"),
    [
        (["check_license"], None, "There is no {home}/demo.json: start `make run` first."),
        (["check_license"], "{", "{home}/demo.json cannot be read: remove it, and `make run` makes it again"),
        (["check_license"], "null", "{home}/demo.json cannot be read: "),
        (["check_license"], json.dumps(DEMO | {"public_key": "no PEM"}), "{home}/demo.json cannot be read: "),
        (["check_license"], json.dumps(DEMO | {"public_key": ELLIPTIC}), "{home}/demo.json cannot be read: "),
        (["check\nlicense"], json.dumps(DEMO), r"The call 'check\nlicense' cannot be sent so: "),
        (["check_license", "a=\udcff"], json.dumps(DEMO), "The call 'check_license' cannot be sent so: "),
        (["activate_license", "a=\udcff"], json.dumps(DEMO), "The call 'activate_license' cannot be sent so: "),
        (["check\udcff"], json.dumps(DEMO), r"The call 'check\udcff' cannot be sent so: "),
        (["check_license", "product"], "{}", "A parameter is written name=value, not 'product'."),
        (["check_license", "variables={"], "{}", "The value of variables is no JSON: "),
        (
            ["about"],
            json.dumps(DEMO),
            "Nothing answers at http://127.0.0.1:1/api/v4/about ([Errno 111] Connection refused)",
        ),
    ],
)
def test_a_call_that_cannot_be_made_is_one_sentence(
    arguments: list[str],
    demo_json: str | None,
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if demo_json is not None:
        (tmp_path / "demo.json").write_text(demo_json)
    monkeypatch.setattr(sys, "argv", ["infra.call", "--home", str(tmp_path), *arguments])
    with pytest.raises(SystemExit) as ended:
        call.main()
    said, errors = capsys.readouterr()
    assert (ended.value.code, said, errors.count("\n")) == (2, "", 1)
    assert errors.startswith(sentence.format(home=tmp_path) if "{home}" in sentence else sentence)


@pytest.mark.parametrize(
    ("where", "reason"),
    [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor"), ("| true", "Broken pipe")],
)
def test_an_answer_that_cannot_be_written_is_one_sentence_and_exit_3(where: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text(json.dumps(DEMO))
    code = (
        "import httpx; from infra import call; call.call = lambda *_, **_m: httpx.Response(200, text='ok'); call.main()"
    )
    line = f'set -o pipefail; "{sys.executable}" -c "{code}" --home {tmp_path} about {where}'
    done = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
    sentence = f"The call was made, but its answer could not be written ({reason}).\n"
    assert (done.returncode, done.stdout, done.stderr) == (3, "", sentence)


def test_a_call_is_sent_under_the_key_that_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[httpx.Request] = []

    def send(_: httpx.Client, request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    monkeypatch.setattr(httpx.Client, "send", send)
    call.call(DEMO, "add_consumption", {}, key="job-17")
    call.call(DEMO, "add_consumption", {})
    assert [request.headers.get("Idempotency-Key") for request in sent] == ["job-17", None]


def test_a_call_needs_no_environment_of_a_server() -> None:
    """Who calls may sit at another machine; so does what calls in the proof, before there is a server."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("SEATKEEPER_", "AWS_"))}
    code = "import infra.call, tests.proof.__main__"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=plain, check=True)
