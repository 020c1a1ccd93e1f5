"""The trial of a stage, against the app in process: it finds what is wrong, and leaves the tables as they were."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from app import app
from chalicelib.store.tables import TABLE_KEYS
from infra.stage.smoke_scenario import run_smoke_scenario
from infra.stage.stages import DeploymentError
from infra.wsgi import wsgi
from tests.signing_keys import held, keyring
from tests.store.seam import every_item
from tests.support import ChangeRuntime

pytestmark = pytest.mark.engine

CALLS = 9
"""That a trial makes."""
_SERVER = httpx.WSGITransport(wsgi(app))


class Server(httpx.BaseTransport):
    """The app; `spoil` changes the answer of the call of a number, counted from 1, or raises in its place."""

    def __init__(self, number: int = 0, spoil: Callable[[httpx.Response], httpx.Response] | None = None) -> None:
        self.calls, self._number, self._spoil = 0, number, spoil

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        answer = _SERVER.handle_request(request)
        return self._spoil(answer) if self._spoil and self.calls == self._number else answer


def tried(server: Server) -> None:
    """Try a stage that is served so."""
    with httpx.Client(transport=server, base_url="http://stage.test") as http:
        run_smoke_scenario(http)


def stored() -> list[Any]:
    """Every item of every table."""
    return [item for table in TABLE_KEYS for item in every_item(table)]


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """Whatever happens in the trial."""
    before = stored()
    yield
    assert sorted(map(str, stored())) == sorted(map(str, before))


def test_a_stage_that_works_passes_and_each_step_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    server = Server()
    tried(server)
    output = capsys.readouterr().out.splitlines()
    assert len(output) == server.calls == CALLS
    assert {line[:6] for line in output} == {"  ok  "}


def crash(_: httpx.Response) -> httpx.Response:
    """The network fails."""
    raise httpx.ReadTimeout("nothing came")


def bug(_: httpx.Response) -> httpx.Response:
    """What API Gateway says of a function that fails."""
    return httpx.Response(502, json={"message": "Internal server error"})


def forged(answer: httpx.Response) -> httpx.Response:
    """The answer with another signature."""
    return httpx.Response(answer.status_code, content=answer.read().replace(b"1", b"2"), headers=answer.headers)


@pytest.mark.parametrize("number", range(1, CALLS + 1))
@pytest.mark.parametrize("spoil", [crash, bug])
def test_whichever_call_fails_is_reported(number: int, spoil: Callable[[httpx.Response], httpx.Response]) -> None:
    with pytest.raises(DeploymentError, match=r"NOT so: |Nothing answers"):
        tried(Server(number, spoil))


def test_a_stage_that_works_passes_also_when_its_functions_have_not_read_a_new_signing_key_yet(
    change_runtime: ChangeRuntime,
) -> None:
    before, after = (keyring(secrets, lambda: held(2, 1)) for secrets in (held(1), held(2, 1)))
    change_runtime(keyring=before)

    def read_again(answer: httpx.Response) -> httpx.Response:
        change_runtime(keyring=after)
        return answer

    tried(Server(1, read_again))


@pytest.mark.parametrize("number", [2, 4])
def test_an_answer_that_is_not_signed_for_what_it_says_is_reported(number: int) -> None:
    with pytest.raises(DeploymentError, match="granted, and signed"):
        tried(Server(number, forged))


def test_an_interruption_leaves_nothing_either() -> None:
    def interrupt(_: httpx.Response) -> httpx.Response:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tried(Server(3, interrupt))
