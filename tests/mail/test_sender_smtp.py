"""Mail by SMTP, to a real server with a certificate of its own."""

import asyncio.sslproto
import email
import logging
import socket
import ssl
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from chalicelib.domain.mail import FIRST_WAIT_MS
from chalicelib.mail import sender as mail
from chalicelib.mail.sender import MailError, RecipientRefused
from chalicelib.runtime import runtime
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.send_mails import send_mails
from tests.mail.test_sender import SECRET, TEXT, is_whole, send, use
from tests.mailbox import deliver
from tests.roto import free_port
from tests.support import ADMIN, NOW, ChangeRuntime, Vendor
from tests.tls import self_signed
from tests.usecases.people import account, issued

HOST, OTHER = "smtp.vendor.test", "smtp.other.test"
"""Names that lead to this machine, and yet to no address of it by their letters."""
TO, FROM, USER, PASSWORD = "ada@customer.test", "licenses@vendor.test", "licenses@vendor.test", "hunter2 of mail"


class Postbox:
    """A mail server's memory; `refuses` is what it says to a recipient."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], EmailMessage, bool]] = []
        self.log_ins: list[LoginPassword] = []
        self.refuses = ""

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if self.refuses:
            return self.refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        message = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        is_encrypted = session.ssl is not None or isinstance(server.transport, asyncio.sslproto._SSLProtocolTransport)
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, message, is_encrypted))
        return "250 OK"

    def log_in(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        self.log_ins.append(given)
        return AuthResult(success=given == LoginPassword(USER.encode(), PASSWORD.encode()), handled=False)


class Smtps(Controller):
    """A server that speaks TLS from the first byte."""

    def __init__(self, handler: Any, tls: ssl.SSLContext, **more: Any) -> None:
        super().__init__(handler, ssl_context=tls, **more)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificate and key of `HOST`, made here."""
    return self_signed(tmp_path_factory.mktemp("tls") / "smtp.pem", HOST)


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    """Where the operator keeps the password."""
    file = tmp_path / "smtp password"
    file.write_text(f"{PASSWORD}\n")
    file.chmod(0o600)
    return file


class Site:
    """What a test sets up: servers, and the setting that leads to one."""

    def __init__(self, change_runtime: ChangeRuntime, certificate: Path, password_file: Path) -> None:
        self._change_runtime, self._certificate, self._password_file = change_runtime, certificate, password_file
        self.postbox, self.servers = Postbox(), list[Controller]()

    def serve(self, kind: str = "starttls", *, asks_who: bool = True) -> int:
        """Start a server: `starttls`, `smtps` or `plain`; its port."""
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(self._certificate)
        more: dict[str, Any] = {"hostname": "127.0.0.1", "port": free_port()}
        if asks_who:
            encrypts_later = kind == "starttls"
            more |= {"authenticator": self.postbox.log_in, "auth_required": encrypts_later}
            more |= {"auth_require_tls": encrypts_later}
        if kind == "starttls":
            server = Controller(self.postbox, tls_context=tls, require_starttls=True, **more)
        elif kind == "smtps":
            server = Smtps(self.postbox, tls, **more)
        else:
            server = Controller(self.postbox, **more)
        server.start()
        self.servers.append(server)
        return int(more["port"])

    def use(self, port: int, *, scheme: str = "smtp", host: str = HOST, log_in: bool = True) -> None:
        """Send by this server."""
        user, file = ("licenses%40vendor.test@", f"&password-file={self._password_file}") if log_in else ("", "")
        use(self._change_runtime, f"{scheme}://{user}{host}:{port}?from={FROM}{file}")


@pytest.fixture
def site(
    monkeypatch: pytest.MonkeyPatch, change_runtime: ChangeRuntime, certificate: Path, password_file: Path
) -> Iterator[Site]:
    """Servers on this machine by their names; their certificate is trusted."""
    batch_read = socket.getaddrinfo

    def found(host: Any, *more: Any, **options: Any) -> Any:
        return batch_read("127.0.0.1" if host in (HOST, OTHER) else host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", found)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    site = Site(change_runtime, certificate, password_file)
    yield site
    for server in site.servers:
        server.stop()


@pytest.mark.parametrize(("kind", "scheme"), [("starttls", "smtp"), ("smtps", "smtps")])
def test_a_mail_goes_out_encrypted_and_logged_in(site: Site, kind: str, scheme: str) -> None:
    site.use(site.serve(kind), scheme=scheme)
    runtime().mailer.check()
    send(TO, "Grüße\r\nBcc: eve@evil.test", TEXT)
    [(sender, recipients, message, encrypted)] = site.postbox.mails
    assert (sender, recipients, encrypted) == (FROM, [TO], True)
    assert (message["To"], message["Bcc"]) == (TO, None)
    assert message["Subject"] == "Grüße Bcc: eve@evil.test"
    assert is_whole(message, FROM)
    assert site.postbox.log_ins == [LoginPassword(USER.encode(), PASSWORD.encode())]


def test_a_server_on_this_machine_needs_neither_tls_nor_a_log_in(site: Site) -> None:
    site.use(site.serve("plain", asks_who=False), host="127.0.0.1", log_in=False)
    runtime().mailer.check()
    send(TO, "Hello", TEXT)
    assert len(site.postbox.mails) == 1


def is_told_without_the_mail(error: pytest.ExceptionInfo[MailError], caplog: pytest.LogCaptureFixture) -> None:
    """One sentence, and nothing of the mail or the password in it, behind it or in a log."""
    text = str(error.value)
    assert text.endswith(".")
    assert error.value.__suppress_context__
    for secret in (SECRET, PASSWORD, TO):
        assert secret not in text + caplog.text


@pytest.mark.parametrize(
    ("kind", "more", "sentence"),
    [
        ("plain", {}, "does not offer what is asked of it"),
        ("starttls", {"host": OTHER}, "certificate is not trusted: Hostname mismatch"),
        ("smtps", {"host": OTHER, "scheme": "smtps"}, "certificate is not trusted: Hostname mismatch"),
        ("starttls", {"scheme": "smtps"}, "did not answer: SSLError"),
        ("starttls", {"log_in": False}, "refuses the mail: 530"),
    ],
)
def test_a_server_that_is_not_the_one_that_was_meant_gets_neither_mail_nor_password(
    site: Site, caplog: pytest.LogCaptureFixture, kind: str, more: dict[str, Any], sentence: str
) -> None:
    caplog.set_level(logging.DEBUG, "chalicelib")
    site.use(site.serve(kind), **more)
    with pytest.raises(MailError, match=sentence) as error:
        send(TO, "Hello", TEXT)
    is_told_without_the_mail(error, caplog)
    assert (site.postbox.mails, site.postbox.log_ins) == ([], [])


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    site.use(site.serve())
    with pytest.raises(MailError, match="certificate is not trusted"):
        send(TO, "Hello", TEXT)
    assert (site.postbox.mails, site.postbox.log_ins) == ([], [])


@pytest.mark.parametrize(
    ("answer", "for_good"),
    [
        ("550 no such user", True),
        (f"553 5.1.3 <{TO}> is no address", True),
        ("554 5.7.1 Relay access denied", False),
        (f"451 come again, {TO}", False),
    ],
)
def test_what_a_server_refuses_is_one_sentence_without_the_mail(
    site: Site, caplog: pytest.LogCaptureFixture, answer: str, *, for_good: bool
) -> None:
    site.use(site.serve())
    site.postbox.refuses = f"{answer} {SECRET}"
    with pytest.raises(MailError, match=rf"^The mail server refuses the recipient: {answer[:3]}\.$") as error:
        send(TO, "Hello", TEXT)
    assert isinstance(error.value, RecipientRefused) == for_good
    is_told_without_the_mail(error, caplog)


@pytest.mark.parametrize(("answer", "given_up"), [("550 no such user", 1), ("450 mailbox is busy", 0)])
def test_an_invitation_that_is_refused_for_good_is_given_up_at_once_and_noted(
    site: Site, vendor: Vendor, answer: str, given_up: int
) -> None:
    license = issued(vendor)
    deliver()  # what its manager is mailed
    assign_user(vendor.code, license.id, TO, 1, ADMIN, invite=True, now=NOW)
    site.use(site.serve())
    site.postbox.refuses = answer
    assert send_mails(now=NOW) == {"sent": 0, "failed": 1 - given_up, "given_up": given_up}
    assert account(vendor, TO).invitation_refused_at == (NOW if given_up else None)
    site.postbox.refuses = ""
    assert send_mails(now=NOW + FIRST_WAIT_MS)["sent"] == 1 - given_up
    assert [mail["To"] for _, _, mail, _ in site.postbox.mails] == [TO] * (1 - given_up)


def test_a_wrong_password_is_one_sentence(site: Site, password_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    password_file.write_text("wrong")
    site.use(site.serve())
    with pytest.raises(MailError, match=r"^The mail server refuses the mail: 535\.$") as error:
        send(TO, "Hello", TEXT)
    is_told_without_the_mail(error, caplog)


@pytest.mark.parametrize(("mode", "sentence"), [(0o640, "can be read by others"), (0o604, "can be read by others")])
def test_a_password_that_others_can_read_is_not_used(site: Site, password_file: Path, mode: int, sentence: str) -> None:
    site.use(site.serve())
    password_file.chmod(mode)
    for act in (runtime().mailer.check, lambda: send(TO, "Hello", TEXT)):
        with pytest.raises(MailError, match=sentence):
            act()
    password_file.unlink()
    with pytest.raises(MailError, match=r"^The mail server's password cannot be read: No such file or directory\.$"):
        runtime().mailer.check()
    assert site.postbox.log_ins == []


def test_a_server_that_is_silent_or_gone_is_not_waited_for_long(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "SMTP_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        site.use(port)
        begun = time.monotonic()
        with pytest.raises(MailError, match=r"^The mail server did not answer: SMTPServerDisconnected\.$"):
            send(TO, "Hello", TEXT)
        assert time.monotonic() - begun < 5
    with pytest.raises(MailError, match=r"^The mail server did not answer: ConnectionRefusedError\.$"):
        send(TO, "Hello", TEXT)
