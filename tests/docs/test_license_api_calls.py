"""docs/license-api.md: the calls that it shows can be made as they stand, and the answer and the limits are true."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextvars import copy_context
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx
import pytest

from app import app
from chalicelib.domain.license import License
from chalicelib.domain.variables import MAX_CHARACTERS, MAX_NAME, MAX_VALUE
from infra.openapi import document
from infra.wsgi import wsgi
from tests.docs.pages import DOCS, blocks
from tests.support import Application, Vendor

PAGE = (DOCS / "license-api.md").read_text()
(PYTHON,), (SHELL,) = blocks(PAGE, "py"), blocks(PAGE, "sh")
EXAMPLE = next(text for text in blocks(PAGE, "json") if "license_signature" in text)
OURS = {"id", "license_key", "product_id", "device_id", "license_signature", "validity_period"}
"""The fields that are others in each answer."""


class Quiet(WSGIRequestHandler):
    """Says nothing on standard error."""

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a server of its own, in this process."""
    inner = wsgi(app)

    def outer(environ: dict[str, Any], start_response: Any) -> Any:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))  # wsgiref does not end it there
        return inner(environ | {"wsgi.input": BytesIO(body)}, start_response)

    with make_server("127.0.0.1", 0, outer, handler_class=Quiet) as httpd:
        thread = Thread(target=copy_context().run, args=(httpd.serve_forever, 0.01))
        thread.start()
        try:
            yield f"http://127.0.0.1:{httpd.server_port}"
        finally:
            httpd.shutdown()
            thread.join()


@pytest.fixture
def license(vendor: Vendor) -> License:
    return vendor.issue(
        license_type="time-limited",
        valid_duration="1y",
        grace_period=72,
        customer="office@studio.example",
        order_id="A-17",
    )


def run(command: list[str], vendor: Vendor, license: License, server: str, folder: Path) -> str:
    """What a program says that is given what the page says that it needs."""
    keys = {"API_KEY": vendor.api_key, "SHARED_KEY": vendor.shared_key, "LICENSE_KEY": license.license_key or ""}
    surroundings = {"PATH": os.environ["PATH"], "SERVER": server, "NO_PROXY": "*"} | keys
    done = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_ten_lines_of_python_activate(vendor: Vendor, license: License, server: str, tmp_path: Path) -> None:
    status, _, body = run([sys.executable, "-c", PYTHON], vendor, license, server, tmp_path).split(" ", 2)
    assert (status, json.loads(body)["hardware_id"]) == ("200", "my-laptop")
    assert vendor.stored(license).times_activated == 1
    assert len([line for line in PYTHON.splitlines() if line and "import" not in line]) <= 10


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="curl and openssl are called")
def test_the_lines_of_shell_activate_and_verify(vendor: Vendor, license: License, server: str, tmp_path: Path) -> None:
    said = run(["sh", "-eu", "-c", SHELL], vendor, license, server, tmp_path)
    verified, body = said.split("\n", 1)
    assert (verified, json.loads(body)["hardware_id"]) == ("Verified OK", "my-laptop")
    assert vendor.stored(license).times_activated == 1


def as_shown(real: Any, shown: Any, name: str = "") -> Any:
    """An answer as the page would have it: with the page's values where they are others in each answer."""
    if name in OURS:
        assert type(real) is type(shown), name
        return shown
    if isinstance(real, dict):
        return {key: as_shown(value, shown.get(key), key) for key, value in real.items()}
    return real


def test_the_answer_that_is_shown_is_the_servers(vendor: Vendor, license: License) -> None:
    with httpx.Client(transport=httpx.WSGITransport(wsgi(app)), base_url="http://license.test") as http:
        lookup = {"product": "viewer", "license_key": license.license_key, "hardware_id": "my-laptop"}
        answer = Application(vendor.api_key, vendor.shared_key, http).post("activate_license", **lookup, nonce="a1b2c3")
    body = answer.json()
    body["server_time"] = json.loads(EXAMPLE).get("server_time", body["server_time"])
    assert json.dumps(as_shown(body, json.loads(EXAMPLE)), indent=2) == EXAMPLE.strip()


def limits() -> dict[str, set[tuple[str, str]]]:
    """Of each field that a call may have: its least and its greatest length or value, by the OpenAPI document."""
    found: dict[str, set[tuple[str, str]]] = {}
    answer = document()
    for methods in answer["paths"].values():
        for operation in methods.values():
            fields = {field["name"]: field["schema"] for field in operation.get("parameters", ())}
            for sent in operation.get("requestBody", {}).get("content", {}).values():
                model = sent["schema"]["$ref"].rpartition("/")[2]
                fields |= answer["components"]["schemas"][model]["properties"]
            for name, schema in fields.items():
                kinds = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
                kind = kinds[0]
                # An empty text is as good as none.
                least = kind.get("minLength") or kind.get("minimum") or (1 if kind["type"] == "string" else "-")
                most = kind.get("maxLength", kind.get("maximum", kind.get("maxProperties", "-")))
                found.setdefault(name, set()).add((str(least), str(most)))
    return found


def test_the_limits_of_every_field_are_those_of_the_models() -> None:
    table = PAGE.partition("## Limits of every field")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+) \| ([\d-]*) \| ([\d-]*) \|", table, re.MULTILINE)
    shown = {name: (least, most) for names, least, most in rows for name in re.findall(r"`(\w+)`", names)}
    real = limits()
    assert set(shown) == set(real)
    names = f"1 to {MAX_NAME}, a value up to {MAX_VALUE}; all of a device up to {MAX_CHARACTERS:,}"
    assert names in table
    assert {name: answer for name, answer in shown.items() if {answer} != real[name]} == {}
