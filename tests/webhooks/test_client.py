"""Webhooks over HTTP, to receivers that behave in every way: what comes of it, and that it ends."""

import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from chalicelib.bootstrap import system_clock
from chalicelib.domain.webhooks import MAX_ANSWER, MAX_EXCERPT, Answer
from chalicelib.webhooks import http_connection, sockets
from chalicelib.webhooks.client import WebhookClient
from chalicelib.webhooks.signature import new_secret, signed_headers
from tests.tls import self_signed
from tests.webhooks.receivers import (
    OK,
    Arrived,
    Behavior,
    Receiver,
    answers,
    answers_and_closes,
    drips,
    floods,
    is_silent,
)

BODY = b'{"event": "license.created"}'
HOST = "receiver.vendor.test"
Receive = Callable[..., Receiver]


@pytest.fixture
def receive() -> Iterator[Receive]:
    """Starts a receiver that behaves so."""
    started = list[Receiver]()

    def start(behave: Behavior | None = None, **more: Any) -> Receiver:
        started.append(Receiver(behave or answers(OK), **more))
        return started[-1]

    yield start
    for receiver in started:
        receiver.close()


@pytest.fixture
def client() -> WebhookClient:
    """One that may reach this machine."""
    return WebhookClient(may_be_private=True)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> float:
    """All has to be done within this time; not before it, no test says anything of it."""
    monkeypatch.setattr(http_connection, "SECONDS", 0.5)
    return 5.0


def resolves(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Let names lead to these addresses; which were looked up."""
    asked = list[str]()

    def found(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    return asked


def url(receiver: Receiver, host: str = "127.0.0.1", scheme: str = "http") -> str:
    return f"{scheme}://{host}:{receiver.port}/hooks?tenant=1"


# --- what is sent ------------------------------------------------------------------------------------------------


def test_a_webhook_arrives_as_it_was_signed(client: WebhookClient, receive: Receive) -> None:
    receiver, secret = receive(), new_secret()
    answer = client.post(url(receiver), signed_headers("1", [secret], BODY, system_clock()), BODY)
    assert answer == Answer(200, "ok", None)
    assert answer.ok
    [arrived] = receiver.requests
    assert arrived.line == "POST /hooks?tenant=1 HTTP/1.1"
    assert Webhook(secret).verify(arrived.body, arrived.headers) == json.loads(BODY)
    assert arrived.headers["content-type"] == "application/json"
    assert arrived.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert arrived.headers["user-agent"].startswith("Seatkeeper/")


def test_a_large_webhook_arrives_whole(client: WebhookClient, receive: Receive) -> None:
    receiver, body = receive(), b"x" * 2_000_000
    assert client.post(url(receiver), {}, body).ok
    assert receiver.requests[0].body == body


def test_no_proxy_of_the_environment_is_asked(
    client: WebhookClient, receive: Receive, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver, proxy = receive(), receive()
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    assert client.post(url(receiver), {}, BODY).ok
    assert (receiver.connections, proxy.connections) == (1, 0)


def test_a_header_begins_no_other_one(client: WebhookClient, receive: Receive) -> None:
    """Headers are ours: this is a mistake of ours, and nothing is sent."""
    receiver = receive()
    with pytest.raises(ValueError, match="Invalid header value"):
        client.post(url(receiver), {"webhook-id": "1\r\nX-Evil: 1"}, BODY)
    assert receiver.requests == []


# --- what is answered --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [201, 202, 204, 299])
def test_every_2xx_is_taken(client: WebhookClient, receive: Receive, status: int) -> None:
    answer = client.post(url(receive(answers(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status))), {}, BODY)
    assert (answer.status, answer.ok) == (status, True)


@pytest.mark.parametrize("status", [103, 400, 401, 404, 410, 429, 500, 503])
def test_no_other_status_is_taken(client: WebhookClient, receive: Receive, status: int) -> None:
    answer = client.post(url(receive(answers(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status))), {}, BODY)
    assert (answer.status, answer.error, answer.ok) == (status, None, False)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_not_followed(client: WebhookClient, receive: Receive, status: int) -> None:
    elsewhere = receive()
    head = f"HTTP/1.1 {status} Moved\r\nLocation: {url(elsewhere)}\r\nContent-Length: 5\r\n\r\nmoved"
    answer = client.post(url(receive(answers(head.encode()))), {}, BODY)
    assert answer == Answer(status, "moved", "redirected")
    assert elsewhere.connections == 0


def test_an_answer_in_chunks_is_read(client: WebhookClient, receive: Receive) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nta\r\n3\r\nken\r\n0\r\n\r\n"
    assert client.post(url(receive(answers(chunked))), {}, BODY) == Answer(200, "taken", None)


def test_an_answer_without_a_length_ends_with_its_connection(client: WebhookClient, receive: Receive) -> None:
    answer = client.post(url(receive(answers_and_closes(b"HTTP/1.1 200 OK\r\n\r\ntaken"))), {}, BODY)
    assert answer == Answer(200, "taken", None)


def test_of_a_long_answer_no_more_than_an_excerpt_is_kept(client: WebhookClient, receive: Receive) -> None:
    text = ("ü\x1b\x00\r\n" * 5000).encode()
    head = b"HTTP/1.1 500 X\r\nContent-Length: %d\r\n\r\n" % len(text)
    answer = client.post(url(receive(answers(head + text))), {}, BODY)
    assert (answer.status, answer.error) == (500, None)
    assert 500 < len(answer.excerpt.encode()) <= MAX_EXCERPT
    assert answer.excerpt.startswith("ü␛␀␍␊ü")
    assert answer.excerpt.isprintable()


def test_an_answer_that_is_no_text_is_shown_safely(client: WebhookClient, receive: Receive) -> None:
    text = b"\xff\xfe\x80" * 500 + "\u202e".encode()
    answer = client.post(url(receive(answers(b"HTTP/1.1 200 X\r\nContent-Length: 1503\r\n\r\n" + text))), {}, BODY)
    assert answer.ok
    assert len(answer.excerpt.encode()) <= MAX_EXCERPT
    assert set(answer.excerpt) == {"\N{REPLACEMENT CHARACTER}"}


def test_who_says_2xx_and_then_talks_without_end_has_taken_it(client: WebhookClient, receive: Receive) -> None:
    sent = [0]

    def flood(receiver: Receiver, connection: socket.socket, _: Arrived) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while not receiver.ended.is_set():
            sent[0] += connection.send(b"x" * 1000)

    answer = client.post(url(receive(flood)), {}, BODY)
    assert (answer.ok, answer.excerpt[:3]) == (True, "xxx")


def test_no_more_is_read_than_may_be(monkeypatch: pytest.MonkeyPatch, client: WebhookClient, receive: Receive) -> None:
    read = list[int]()
    receive_into = sockets.BoundedSocket.receive_into

    def counted(self: sockets.BoundedSocket, buffer: memoryview) -> int:
        read.append(receive_into(self, buffer))
        return read[-1]

    monkeypatch.setattr(sockets.BoundedSocket, "receive_into", counted)
    client.post(url(receive(floods(b"HTTP/1.1 200 OK\r\n\r\n"))), {}, BODY)
    assert sum(read) == MAX_ANSWER


def test_what_is_read_is_counted_by_the_byte() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"sixteen letters!")
        bounded, buffer = sockets.BoundedSocket(ours), memoryview(bytearray(100))
        bounded.turn(sockets.Deadline(10), 10)
        assert (bounded.receive_into(buffer), bytes(buffer[:12])) == (10, b"sixteen le\x00\x00")
        with pytest.raises(sockets.DeliveryError) as caught:
            bounded.receive_into(buffer)
    assert caught.value.failure == "too_much"


@pytest.mark.parametrize(
    ("answer", "status", "failure"),
    [
        (b"", None, "broken_off"),
        (b"HTTP/1.1 200", None, "broken_off"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", None, "broken_off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nonly", 200, "broken_off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly", 200, "broken_off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nonly", 200, "broken_off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-9\r\nonly", 200, "malformed_answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", None, "malformed_answer"),
        (b"\x16\x03\x01\x02\x00" * 100 + b"\n", None, "malformed_answer"),
        (b"HTTP/1.1 2xx OK\r\n\r\n", None, "malformed_answer"),
        (b"HTTP/9 200 OK\r\n\r\n", None, "malformed_answer"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n", None, "malformed_answer"),
        (b"HTTP/1.1 200 " + b"x" * 70_000 + b"\r\n\r\n", None, "too_much"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 3000, None, "too_much"),
    ],
)
def test_what_is_no_whole_answer_is_none(
    client: WebhookClient, receive: Receive, answer: bytes, status: int | None, failure: str
) -> None:
    found = client.post(url(receive(answers_and_closes(answer))), {}, BODY)
    assert (found.status, found.error, found.ok) == (status, failure, False)


# --- that it ends ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "behave",
    [
        is_silent,
        drips(b"", 0.05),
        drips(b"HTTP/1.1 200 OK\r\nX: ", 0.05),
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", 0.05),
        drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n", 0.05),
        drips(b"HTTP/1.1 200 OK\r\n\r\n", 0.05),
    ],
    ids=["silent", "drips", "drips a head", "drips a text", "drips a chunk", "drips without a length"],
)
def test_who_does_not_answer_in_time_has_not_answered(
    client: WebhookClient, receive: Receive, soon: float, behave: Behavior
) -> None:
    began = time.monotonic()
    answer = client.post(url(receive(behave)), {}, BODY)
    assert (answer.error, answer.ok) == ("timeout", False)
    assert time.monotonic() - began < soon


def test_who_takes_nothing_is_not_waited_for(client: WebhookClient, soon: float) -> None:
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert client.post(f"http://127.0.0.1:{port}/", {}, b"x" * 50_000_000).error == "timeout"
    assert time.monotonic() - began < soon


def test_a_handshake_is_not_waited_for(client: WebhookClient, soon: float) -> None:
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert client.post(f"https://127.0.0.1:{listening.getsockname()[1]}/", {}, BODY).error == "timeout"
    assert time.monotonic() - began < soon


def test_a_name_is_not_waited_for(
    client: WebhookClient, soon: float, monkeypatch: pytest.MonkeyPatch, receive: Receive
) -> None:
    receiver = receive()

    def slow(*_: Any, **__: Any) -> list[Any]:
        receiver.ended.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    began = time.monotonic()
    assert client.post(f"https://{HOST}/", {}, BODY) == Answer(None, "", "timeout")
    assert time.monotonic() - began < soon


def test_nobody_listens(client: WebhookClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert client.post(f"http://127.0.0.1:{port}/", {}, BODY) == Answer(None, "", "no_connection")


# --- where it goes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", [["127.0.0.1"], ["169.254.169.254", "10.0.0.1"], ["::1", "fd00:ec2::254"]])
def test_a_name_that_leads_to_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch, where: list[str]) -> None:
    resolves(monkeypatch, *where)
    assert WebhookClient(may_be_private=False).post(f"https://{HOST}/", {}, BODY) == Answer(None, "", "refused_address")


def test_what_may_not_be_private_any_more_is_refused(receive: Receive) -> None:
    receiver = receive()
    assert WebhookClient(may_be_private=False).post(url(receiver), {}, BODY) == Answer(None, "", "refused_address")
    assert receiver.connections == 0


def test_what_has_to_be_encrypted_by_now_is_not_sent_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolves(monkeypatch, "9.9.9.9")
    answer = WebhookClient(may_be_private=False).post(f"http://{HOST}/", {}, BODY)
    assert (answer, asked) == (Answer(None, "", "refused_address"), [])


def test_of_several_addresses_a_private_one_is_not_gone_to(monkeypatch: pytest.MonkeyPatch, receive: Receive) -> None:
    """The private one would answer."""
    receiver, went = receive(), list[str]()

    def connected(addresses: list[Any], _port: int, _deadline: Any) -> socket.socket:
        went.extend(map(str, addresses))
        raise sockets.DeliveryError("no_connection")

    monkeypatch.setattr(sockets, "_connected", connected)
    resolves(monkeypatch, "127.0.0.1", "9.9.9.9", "::ffff:127.0.0.1", "2620:fe::fe")
    WebhookClient(may_be_private=False).post(url(receiver, HOST, "https"), {}, BODY)
    assert went == ["9.9.9.9", "2620:fe::fe"]


def test_a_name_is_looked_up_once_and_what_was_checked_is_connected_to(
    client: WebhookClient, monkeypatch: pytest.MonkeyPatch, receive: Receive
) -> None:
    """A name that leads elsewhere at the second look gains nothing: there is none."""
    receiver = receive()
    asked = resolves(monkeypatch, "127.0.0.1")
    assert client.post(url(receiver, HOST), {}, BODY).ok
    assert asked == [HOST]
    assert receiver.requests[0].headers["host"] == f"{HOST}:{receiver.port}"


def test_a_name_that_nobody_knows_is_not_resolved(client: WebhookClient, monkeypatch: pytest.MonkeyPatch) -> None:
    resolves(monkeypatch)
    assert client.post(f"https://{HOST}/", {}, BODY) == Answer(None, "", "not_resolved")


def test_an_address_where_nobody_listens_is_passed_over(
    client: WebhookClient, monkeypatch: pytest.MonkeyPatch, receive: Receive
) -> None:
    receiver = receive(host="127.0.0.2")
    resolves(monkeypatch, "127.0.0.1", "127.0.0.2")
    assert client.post(url(receiver, HOST), {}, BODY).ok


def test_an_address_that_does_not_answer_leaves_time_for_the_next(
    client: WebhookClient, soon: float, monkeypatch: pytest.MonkeyPatch, receive: Receive
) -> None:
    receiver = receive(host="127.0.0.2")
    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", receiver.port), backlog=0))
        for waiting in [stack.enter_context(socket.socket()) for _ in range(4)]:  # nobody takes them
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        resolves(monkeypatch, "127.0.0.1")
        assert client.post(url(receiver, HOST), {}, BODY).error == "timeout"
        resolves(monkeypatch, "127.0.0.1", "127.0.0.2")
        assert client.post(url(receiver, HOST), {}, BODY).ok


def test_a_receiver_may_be_an_ipv6_address(client: WebhookClient, receive: Receive) -> None:
    receiver = receive(host="::1")
    assert client.post(url(receiver, "[::1]"), {}, BODY).ok
    assert receiver.requests[0].headers["host"] == f"[::1]:{receiver.port}"


# --- TLS ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificate and key of `HOST`, made here."""
    return self_signed(tmp_path_factory.mktemp("tls") / "receiver.pem", HOST)


@pytest.fixture
def encrypted(receive: Receive, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """A receiver that speaks TLS, at the end of every name."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    receiver = receive(tls=tls)
    tls.sni_callback = lambda _socket, name, _context: receiver.names.append(name)
    resolves(monkeypatch, "127.0.0.1")
    return receiver


def test_by_tls_it_goes_to_whom_the_machine_trusts(
    client: WebhookClient, encrypted: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert client.post(url(encrypted, HOST, "https"), {}, BODY).ok
    assert encrypted.names == [HOST]
    assert client.post(url(encrypted, scheme="https"), {}, BODY).ok, "its certificate names the address, too"


def test_a_certificate_of_another_name_is_refused(
    client: WebhookClient, encrypted: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert client.post(url(encrypted, "other.vendor.test", "https"), {}, BODY) == Answer(None, "", "tls")
    assert encrypted.requests == []


def test_a_certificate_that_nobody_trusts_is_refused(client: WebhookClient, encrypted: Receiver) -> None:
    assert client.post(url(encrypted, HOST, "https"), {}, BODY) == Answer(None, "", "tls")
    assert encrypted.requests == []


def test_who_speaks_no_tls_is_sent_nothing(client: WebhookClient, receive: Receive) -> None:
    receiver = receive(greeting=b"220 mail.vendor.test ESMTP\r\n")
    assert client.post(url(receiver, scheme="https"), {}, BODY) == Answer(None, "", "tls")
    assert receiver.requests == []


# --- several on one connection -----------------------------------------------------------------------------------


def test_several_webhooks_go_by_one_connection_after_one_look_up(
    client: WebhookClient, encrypted: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    asked = resolves(monkeypatch, "127.0.0.1")
    with client.connection(url(encrypted, HOST, "https")) as connection:
        assert all(connection.post({"webhook-id": str(n)}, BODY).ok for n in range(5))
    assert [arrived.headers["webhook-id"] for arrived in encrypted.requests] == list("01234")
    assert (encrypted.connections, asked) == (1, [HOST])


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK,
        b"HTTP/1.1 500 X\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n".ljust(MAX_ANSWER, b"x"),
    ],
    ids=["closes", "HTTP/1.0", "an answer before the answer", "a failure", "longer than is read"],
)
def test_only_after_a_whole_answer_of_somebody_who_keeps_it_a_connection_stays(
    client: WebhookClient, receive: Receive, answer: bytes
) -> None:
    """What else may come on it would be taken for the answer to the next."""
    receiver = receive(answers(answer))
    with client.connection(url(receiver)) as connection:
        first, second = connection.post({}, BODY), connection.post({}, BODY)
    assert first == second
    assert (receiver.connections, len(receiver.requests)) == (2, 2)


def test_what_nobody_has_asked_for_is_the_answer_to_nothing(client: WebhookClient, receive: Receive) -> None:
    receiver = receive(answers(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" * 3000))
    with client.connection(url(receiver)) as connection:
        assert connection.post({}, BODY) == connection.post({}, BODY) == Answer(200, "ok", None)
    assert receiver.connections == 2


@pytest.mark.parametrize("is_late", [False, True], ids=["before it is used again", "instead of an answer"])
def test_a_connection_that_the_receiver_has_closed_is_opened_anew(
    client: WebhookClient, receive: Receive, is_late: bool
) -> None:
    def behave(receiver: Receiver, connection: socket.socket, _: Arrived) -> None:
        if not (is_late and len(receiver.requests) == 2):
            connection.sendall(OK)
        if not is_late or len(receiver.requests) == 2:
            connection.shutdown(socket.SHUT_RDWR)

    receiver = receive(behave)
    with client.connection(url(receiver)) as connection:
        assert connection.post({}, BODY).ok
        assert connection.post({}, BODY).ok
    assert receiver.connections == 2


def test_a_receiver_that_is_down_meanwhile_is_found_again(client: WebhookClient, receive: Receive) -> None:
    behaviors = [answers(OK), answers_and_closes(b""), answers_and_closes(b""), answers(OK)]

    def behave(receiver: Receiver, connection: socket.socket, arrived: Arrived) -> None:
        behaviors[len(receiver.requests) - 1](receiver, connection, arrived)

    with client.connection(url(receive(behave))) as connection:
        found = [connection.post({}, BODY) for _ in range(3)]
    assert [answer.error for answer in found] == [None, "broken_off", None]


# --- what it costs ------------------------------------------------------------------------------------------------


def test_nothing_of_it_is_imported_before_it_is_used() -> None:
    import subprocess
    import sys

    code = (
        "import sys; before = set(sys.modules); import chalicelib.webhooks.client;"
        "print([n for n in ('http.client', 'ssl', 'socket', 'chalicelib.domain.webhooks') if n in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert output.stdout == "[]\n"


@pytest.mark.parametrize(
    "came", [b"POST / HT", b"POST / HTTP/1.1\r\nContent-Le", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{}"]
)
def test_receivers_take_no_request_whose_sender_was_killed_amid_it(receive: Receive, came: bytes) -> None:
    receiver = receive()
    with socket.create_connection(("127.0.0.1", receiver.port)) as sender:
        sender.sendall(came)
        sender.shutdown(socket.SHUT_WR)
        assert sender.recv(1) == b""
    assert receiver.requests == []
