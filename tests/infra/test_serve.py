"""The server for one machine, as it is started and over real sockets."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import pytest

from chalicelib.web.request_limits import MAX_BODY_BYTES
from infra import http_request, serve, shares
from tests.support import Application, Vendor

SERVE = [sys.executable, "-m", "infra.serve"]


@pytest.fixture(scope="module")
def server() -> Iterator[serve.Server]:
    """A server on this process's engine, of one process: it has all of each limit."""
    with serve.start(dict(os.environ), workers=1) as server:
        yield server


@pytest.fixture
def http(server: serve.Server) -> Iterator[httpx.Client]:
    """A client of the server."""
    with httpx.Client(base_url=server.base_url, timeout=30) as client:
        yield client


def refused(*arguments: str, **environment: str) -> str:
    """What a server says on standard error that does not start, with exit 2 and nothing else said."""
    done = subprocess.run(
        [*SERVE, *arguments],
        cwd=serve.ROOT,
        env=dict(os.environ) | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr


def passing(listening: socket.socket) -> list[str]:
    """What stands before a command that is to have a socket as from systemd; `pass_fds` has to let it through."""
    script = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.set_inheritable(3, True)
os.execve(sys.argv[2], sys.argv[2:], os.environ | {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())})
"""
    return [sys.executable, "-c", script, str(listening.fileno())]


def exchange(server: serve.Server, *parts: bytes) -> tuple[int, dict[str, Any]]:
    """Send bytes and read to the end: the status, and the body, which has to be in the one error shape."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        for part in parts:
            connection.sendall(part)
        head, _, body = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
    answer = json.loads(body)
    assert answer.keys() == {"status", "code", "message"}
    assert b"Content-Type: application/json" in head
    return int(head.split(maxsplit=2)[1]), answer


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_says_one_line_and_ends_in_good_order(number: signal.Signals) -> None:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*SERVE, "--port", "0"], cwd=serve.ROOT, text=True, **pipes) as process:  # type: ignore[call-overload]
        line = process.stdout.readline()
        base_url = line.split()[2]
        about = httpx.get(base_url, timeout=60).json()
        process.send_signal(number)
        rest, errors = process.communicate()
    this = f"Seatkeeper {about['version']}, commit {about['commit']}"
    assert (line, rest, errors) == (f"Serving on {base_url} ({this})\n", "", "")
    assert process.returncode == 0
    assert base_url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("127.0.0.1", "localhost"),
        ("0.0.0.0", "localhost"),  # noqa: S104 - that is what is tried
        ("::1", "localhost"),
        ("127.0.0.9", "127.0.0.9"),
    ],
)
def test_the_portal_is_opened_by_the_name_of_this_machine_where_it_answers_to_it(host: str, name: str) -> None:
    with serve.listen(0, host) as listening:
        assert serve.portal_url_of(listening) == f"http://{name}:{listening.getsockname()[1]}"


@pytest.mark.parametrize(
    ("host", "flags", "url", "warns"),
    [
        ("0.0.0.0", (), "http://127.0.0.1:", True),  # noqa: S104 - that is what is tried
        ("0.0.0.0", ("--behind-proxy",), "http://127.0.0.1:", False),  # noqa: S104
        ("127.0.0.9", (), "http://127.0.0.9:", False),
        ("::1", (), "http://[::1]:", False),
        ("::", (), "http://[::1]:", True),
    ],
)
def test_a_server_may_listen_elsewhere_and_warns_where_others_can_listen_in(
    host: str, flags: tuple[str, ...], url: str, warns: bool
) -> None:
    command = [*SERVE, "--port", "0", "--host", host, *flags]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=serve.ROOT, text=True, stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().split()[2]
        assert base_url.startswith(url)
        assert httpx.get(f"{base_url}/healthz", timeout=60).status_code == 200
        process.terminate()
        errors = process.communicate()[1]
    assert (f"listening on {host} without TLS" in errors) == warns
    assert bool(errors) == warns


@pytest.mark.parametrize("host", ["example.com", "", "127.0.0.1:80", "1.2.3"])
def test_a_host_that_is_no_address_is_one_sentence(host: str) -> None:
    with pytest.raises(serve.ServeError, match=r"^The host must be an address, as 127\.0\.0\.1 or 0\.0\.0\.0, not "):
        serve.listen(0, host)


def test_a_socket_that_systemd_has_opened_is_taken() -> None:
    """As in a network of the server's own, where it could open none that anybody reaches."""
    with socket.create_server(("127.0.0.1", 0)) as passed:
        port, number = passed.getsockname()[1], passed.fileno()
        command = [*passing(passed), *SERVE, "--port", "1"]
        with subprocess.Popen(command, cwd=serve.ROOT, text=True, stdout=subprocess.PIPE, pass_fds=[number]) as process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith(f"Serving on http://127.0.0.1:{port} ")
            assert httpx.get(f"http://127.0.0.1:{port}/", timeout=60).status_code == 200
            process.terminate()
            process.communicate()
    assert process.returncode == 0


def test_where_no_more_files_may_be_opened_who_comes_takes_the_place_of_who_is_idle() -> None:
    command = ["sh", "-c", 'ulimit -n 60; exec "$@"', "sh", *SERVE, "--port", "0", "--workers", "1"]
    with subprocess.Popen(command, cwd=serve.ROOT, text=True, stdout=subprocess.PIPE) as process, ExitStack() as stack:
        assert process.stdout is not None
        stack.callback(process.terminate)
        port = int(process.stdout.readline().split()[2].rpartition(":")[2])
        for _ in range(100):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        assert httpx.get(f"http://127.0.0.1:{port}/", timeout=30).status_code == 200


def test_git_is_asked_once_for_all_processes_which_commit_is_served(tmp_path: Path) -> None:
    """A process that asked later would say what is checked out by then."""
    (tmp_path / "git").write_text(f"#!/bin/sh\necho $* >> {tmp_path}/asked\necho 0123456789ab\n")
    (tmp_path / "git").chmod(0o755)
    environment = dict(os.environ) | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    with serve.start(environment, workers=2) as server:
        asked = (tmp_path / "asked").read_text()
        with ExitStack() as stack:
            kept = [stack.enter_context(httpx.Client(base_url=server.base_url, timeout=60)) for _ in range(8)]
            assert {client.get("/").json()["commit"] for client in kept} == {"0123456789ab-dirty"}
        assert (tmp_path / "asked").read_text() == asked


def test_a_port_in_use_is_one_sentence(server: serve.Server) -> None:
    advice = "Choose another one: PORT=… make run, or --port of infra.serve."
    sentence = f"Port {server.port} of 127.0.0.1 cannot be had: Address already in use. {advice}\n"
    assert refused("--port", str(server.port)) == sentence


def test_a_host_that_is_not_this_machine_is_one_sentence_that_blames_no_port() -> None:
    with pytest.raises(serve.ServeError, match=r"^Port 8000 of 192.0.2.1 cannot be had: Cannot assign .* address\.$"):
        serve.listen(8000, "192.0.2.1")


@pytest.mark.parametrize("port", ["http", "-1", "65536", "8000.5", "٨٠", "9" * 5000])
def test_a_port_that_is_none_is_one_sentence(port: str) -> None:
    with pytest.raises(serve.ServeError, match=r"^The port must be a number from 0 to 65535, not "):
        serve.port_number(port)


def test_an_incomplete_environment_is_one_sentence() -> None:
    assert refused("--port", "0", SEATKEEPER_SECRETS="nowhere").startswith(
        "The environment is malformed: SEATKEEPER_SECRETS"
    )


def test_a_server_that_does_not_start_is_an_error_for_who_started_it(server: serve.Server) -> None:
    with pytest.raises(serve.ServeError, match=r"^The server did not start \(exit 2\)\.$"):
        serve.start(dict(os.environ), server.port)


def test_help_shows_an_example() -> None:
    done = subprocess.run([*SERVE, "--help"], cwd=serve.ROOT, capture_output=True, text=True, check=True)
    assert "example: .venv/bin/python -m infra.serve --port 8000" in done.stdout


def test_a_killed_server_leaves_nothing_behind() -> None:
    with serve.start(dict(os.environ)) as server:
        assert httpx.get(server.base_url, timeout=60).status_code == 200
        server.kill()
        with pytest.raises(httpx.ConnectError):
            httpx.get(server.base_url, timeout=60)
        with serve.start(dict(os.environ), server.port) as another:
            assert httpx.get(another.base_url, timeout=60).status_code == 200


def test_a_server_ends_with_the_process_that_started_it() -> None:
    script = """
import os, sys
from infra import serve
print(serve.start(dict(os.environ)).pid, flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, cwd=serve.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        server = os.pidfd_open(int(starter.stdout.readline()))
        starter.kill()
    try:
        assert select.select([server], [], [], 30)[0], "the server outlives its starter"
    finally:
        os.close(server)


def test_an_activation_over_the_wire_is_stored(server: serve.Server, http: httpx.Client, vendor: Vendor) -> None:
    license = vendor.issue()
    application = Application(vendor.api_key, vendor.shared_key, http)
    answer = application.post("activate_license", product="viewer", hardware_id="h", license_key=license.license_key)
    assert answer.status_code == 200, answer.text
    assert vendor.stored(license).times_activated == 1
    assert vendor.history(license)[-1].actor.ip == "127.0.0.1"


def test_a_chunked_body_is_a_body(http: httpx.Client, vendor: Vendor) -> None:
    license = vendor.issue()
    body = json.dumps({"product": "viewer", "hardware_id": "h", "license_key": license.license_key}).encode()
    headers = Application(vendor.api_key, vendor.shared_key, http).headers() | {"Content-Type": "application/json"}
    chunks = (body[start : start + 7] for start in range(0, len(body), 7))
    answer = http.post("/api/v4/activate_license", content=chunks, headers=headers)
    assert answer.status_code == 200, answer.text
    assert vendor.stored(license).times_activated == 1


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_that_is_too_long_is_answered_413(is_chunked: bool, http: httpx.Client) -> None:
    body = b"x" * (MAX_BODY_BYTES + 1)
    answer = http.post("/api/v4/activate_license", content=iter([body]) if is_chunked else body)
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


def test_a_body_that_claims_to_be_endless_is_answered_413_unread(server: serve.Server) -> None:
    head = b"POST /api/v4/activate_license HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n"
    assert exchange(server, head)[1]["code"] == "payload_too_large"


def test_a_chunked_body_without_end_is_answered_413(server: serve.Server) -> None:
    head = b"POST /api/v4/activate_license HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    assert exchange(server, head, *[chunk] * (http_request.MAX_READ_BYTES // 0x10000))[1]["code"] == "payload_too_large"


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(b"NONSENSE\r\n\r\n", id="request line"),
        pytest.param(b"GET http://[::1/ HTTP/1.1\r\nHost: x\r\n\r\n", id="address"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", id="long length"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", id="header"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", id="bare CR"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n", id="length"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", id="two lengths"),
        pytest.param(b"GET / HTTP/1.1\r\nA: b\r\n\r\n", id="no host"),
        *(
            pytest.param(b"GET / HTTP/1.%b\r\n\r\n" % hosts, id=repr(hosts))
            for hosts in (b"1\r\nHost: x\r\nHost: y", b"1\r\nHost: x\r\nhost: x", b"0\r\nHost: x\r\nHost: y")
        ),
        *(
            pytest.param(b"POST / HTTP/1.%b\r\nHost: x\r\n\r\n0\r\n\r\n" % lengths, id=repr(lengths))
            for lengths in (
                b"1\r\nContent-Length: 5\r\nContent-Length: 5",
                b"1\r\nContent-Length: 5, 5",
                b"1\r\nContent-Length: +5",
                b"1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
                b"1\r\nTransfer-Encoding: chunked\r\ncontent-length:5",
                b"1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                b"1\r\nTransfer-Encoding: chunked, chunked",
                b"1\r\nTransfer-Encoding: identity",
                b"1\r\nTransfer-Encoding:",
                b"1\r\nTransfer-Encoding:\r\n chunked",
                b"1\r\nTransfer-Encoding : chunked",
                b"0\r\nTransfer-Encoding: chunked",
                b"0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
            )
        ),
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", id="encoding"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="chunk"),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * http_request.MAX_HEADER_BYTES + b"\r\n\r\n", id="long headers"
        ),
        pytest.param(b"GET /" + b"a" * http_request.MAX_HEADER_BYTES + b" HTTP/1.1\r\n\r\n", id="long request line"),
    ],
)
def test_what_is_not_http_is_answered_400_in_our_shape(request_bytes: bytes, server: serve.Server) -> None:
    status, answer = exchange(server, request_bytes)
    assert (status, answer["status"], answer["code"]) == (400, 400, "validation_error")


def test_headers_that_are_not_too_long_are_taken(http: httpx.Client) -> None:
    assert http.get("/", headers={"X-Long": "a" * (http_request.MAX_HEADER_BYTES - 1000)}).status_code == 200


def test_a_connection_is_kept_for_the_next_call(server: serve.Server) -> None:
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.connect()
        first = connection.sock
        for path, status in (("/", 200), ("/nothing", 404), ("/api/v4/check_license", 400), ("/", 200)):
            connection.request("GET", path)
            with connection.getresponse() as answer:
                assert (answer.status, bool(answer.read())) == (status, True)
            assert connection.sock is first


def test_clients_that_never_finish_their_request_hinder_nobody(server: serve.Server, http: httpx.Client) -> None:
    halves = (
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"POST /api/v4/activate_license HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{",
    )
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(4 * shares.THREADS)]
    try:
        for number, connection in enumerate(slow):
            connection.sendall(halves[number % 2])
        assert http.get("/").status_code == 200
    finally:
        for connection in slow:
            connection.close()


HALVES = (b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
"""What a connection may have sent that keeps its place and asks for nothing."""


@contextmanager
def held_open(server: serve.Server, number: int, client: str = "127.0.0.1") -> Iterator[list[socket.socket]]:
    """So many opened of a client, each with a half-sent request of another kind."""
    opened = []
    try:
        for count in range(number):
            opened.append(socket.create_connection(("127.0.0.1", server.port), source_address=(client, 0)))
            with suppress(ConnectionError):  # closed again for a newer one
                opened[-1].sendall(HALVES[count % len(HALVES)])
        yield opened
    finally:
        for connection in opened:
            connection.close()


def answered(server: serve.Server, client: str) -> bool:
    """Whether a client that comes now is answered at once: long before anybody's half-sent request is given up."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=8, source_address=(client, 0)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        return connection.recv(12) == b"HTTP/1.1 200"


def test_one_client_with_more_connections_than_there_are_keeps_nobody_out(server: serve.Server) -> None:
    with held_open(server, shares.MAX_CONNECTIONS + 20) as held:
        assert answered(server, "127.0.0.2")
        assert sum(not is_closed(connection) for connection in held) == shares.MAX_OF_CLIENT
        assert answered(server, "127.0.0.1"), "another one behind the same address"


def test_many_clients_that_fill_all_connections_keep_nobody_out(server: serve.Server) -> None:
    with ExitStack() as stack:
        steady = socket.create_connection(("127.0.0.1", server.port), timeout=60, source_address=("127.0.0.3", 0))
        stack.enter_context(steady)
        for number in range(10, 16):
            stack.enter_context(held_open(server, shares.MAX_OF_CLIENT - 20, f"127.0.0.{number}"))
        assert answered(server, "127.0.0.2")
        steady.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert steady.recv(12) == b"HTTP/1.1 200", "who has one connection keeps it"


def is_closed(connection: socket.socket) -> bool:
    """Whether the server has closed it without an answer."""
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True
