"""What outlives a request is kept by the runtime, and by nothing else: two stages may be served by one process."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import httpx
import pytest
from cryptography.exceptions import InvalidTag

from app import app
from chalicelib.bootstrap import bootstrap
from chalicelib.encryption import decrypt, encrypt
from chalicelib.once import Once
from chalicelib.runtime import Runtime, runtime, using
from chalicelib.settings import SettingsError
from chalicelib.store.database import create_tables
from chalicelib.threads import ThreadPool
from chalicelib.usecases import create
from chalicelib.usecases.catalog import find_credentials, find_product
from infra import local
from infra.wsgi import wsgi
from tests.signing_keys import verify
from tests.support import ADMIN, NOW

IMPORT_ALL = """
import importlib, os, pkgutil, socket, threading
import chalicelib, infra

def refuse(*_):
    raise AssertionError("a module opens something while it is imported")

socket.socket.connect = threading.Thread.start = refuse
for package in (chalicelib, infra):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
"""


def test_every_module_is_imported_where_the_environment_says_nothing() -> None:
    command = [sys.executable, "-c", IMPORT_ALL]
    run = subprocess.run(command, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


# --- made, and set --------------------------------------------------------------------------------------------------


def test_a_runtime_is_made_without_opening_anything(tmp_path: Path) -> None:
    """Neither the secrets nor the database: there are none."""
    nowhere = dict(os.environ) | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "SEATKEEPER_SECRETS": f"file:{tmp_path}/no"}
    made = bootstrap(nowhere, clock=lambda: NOW)
    assert (made.settings.secrets, made.clock()) == (f"file:{tmp_path}/no", NOW)
    with pytest.raises(SettingsError, match="The secrets cannot be read"):
        made.open()


def test_an_environment_that_says_too_little_is_one_sentence() -> None:
    with pytest.raises(SettingsError, match=r"^The environment is malformed: SEATKEEPER_TABLE_PREFIX .*\.$"):
        bootstrap({})


def test_what_is_set_inside_is_over_outside_and_threads_have_what_stood_where_they_were_asked() -> None:
    outer = runtime()
    inner = replace(outer, clock=lambda: 5)
    with ThreadPool(2) as threads:
        with using(inner):
            assert runtime() is inner
            assert threads.submit(runtime).result() is inner
            assert list(threads.map(lambda _: runtime(), range(4))) == [inner] * 4
        assert threads.submit(runtime).result() is outer
    with pytest.raises(KeyError), using(inner):
        raise KeyError
    assert runtime() is outer


# --- opened once ----------------------------------------------------------------------------------------------------


@pytest.mark.engine
def test_eight_threads_that_come_first_open_one_connection(tmp_path: Path) -> None:
    start = Barrier(8)
    database = bootstrap(local.environment(tmp_path)).database

    def come(_: int) -> object:
        start.wait()
        return database.connection

    with ThreadPool(8) as threads:
        connections = set(threads.map(come, range(8)))
    assert len(connections) == 1


def test_what_could_not_be_made_is_made_by_the_next_who_asks() -> None:
    answers = iter([ValueError("not yet"), None, "made"])

    def make() -> str | None:
        answer = next(answers)
        if isinstance(answer, ValueError):
            raise answer
        return answer

    once = Once(make)
    with pytest.raises(ValueError, match="not yet"):
        once()
    assert [once(), once()] == [None, None], "nothing is a value, too"


# --- two stages -----------------------------------------------------------------------------------------------------


@contextmanager
def stage(name: str, home: Path) -> Iterator[Runtime]:
    """A stage of its own on the engine of this process, with secrets of its own."""
    environment = local.environment(home) | {"SEATKEEPER_DATABASE": os.environ["SEATKEEPER_DATABASE"]}
    with using(bootstrap(environment | {"SEATKEEPER_TABLE_PREFIX": f"{home.name}-{name}"})) as made:
        create_tables()
        yield made


@pytest.mark.engine
def test_of_two_stages_in_one_process_each_has_its_own_data_memory_and_keys(tmp_path: Path) -> None:
    """Both have a company of the same code, and an API key of the same name."""

    def fill(name: str) -> str:
        create.create_company("ACME", f"Acme of {name}", ADMIN, now=NOW)
        create.create_product("ACME", "viewer", f"Viewer of {name}", "license-key", ADMIN, now=NOW)
        key, shared_key = create.create_api_key("ACME", frozenset(), False, ADMIN, now=NOW)
        assert find_credentials(key.api_key, now=NOW) == (key, shared_key)
        return key.api_key

    def sees(name: str, its_key: str, other_key: str) -> None:
        assert find_product("ACME", "viewer", now=NOW).name == f"Viewer of {name}"
        assert [find_credentials(key, now=NOW) is not None for key in (its_key, other_key)] == [True, False]
        with httpx.Client(transport=httpx.WSGITransport(wsgi(app)), base_url="http://license.test") as http:
            answer = http.get("/api/v4/public_key")
        assert answer.text == runtime().keyring.public_keys(NOW)
        verify(answer.content, answer.headers["LicenseSignature"], runtime().keyring.current.public_key)

    with stage("dev", tmp_path / "dev") as dev:
        in_dev = fill("dev")
        sealed = encrypt("a secret of dev", "here")
        with stage("prod", tmp_path / "prod") as prod:
            in_prod = fill("prod")
            with pytest.raises(InvalidTag):
                decrypt(sealed, "here")
            with using(dev):
                sees("dev", in_dev, in_prod)
            sees("prod", in_prod, in_dev)
        sees("dev", in_dev, in_prod)
        assert decrypt(sealed, "here") == "a secret of dev"
        assert dev.keyring.current != prod.keyring.current
