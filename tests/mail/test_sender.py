"""Mail: into a folder, or through SES; its content is told to nobody else."""

import email
import logging
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber

from chalicelib.mail.sender import Letter, Mailer, MailError
from chalicelib.runtime import runtime
from chalicelib.settings import way_of_mail
from tests.support import ChangeRuntime

SECRET = "1234 5678"
TEXT = f"Grüße, your code is {SECRET}.\n\nA line longer than the 78 letters of old: {'x' * 80}\n"


def use(change_runtime: ChangeRuntime, way: str) -> None:
    """Have mail sent so."""
    change_runtime(mailer=Mailer(way_of_mail(way), "us-east-1"))


def send(to: str, subject: str, text: str) -> None:
    runtime().mailer.send(Letter("000.1f", to, subject, text, f"<p>{text}</p>\n", "Vendor, Größe", "help@vendor.test"))


def is_whole(message: EmailMessage, sender: str) -> bool:
    """Whether a mail has all that a letter of `send` has: both parts, who writes, where answers go, which one it is."""
    plain, html = (part for part in message.iter_parts())
    domain = sender.rpartition("@")[2]
    return (
        message.get_content_type() == "multipart/alternative"
        and (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
        and plain.get_content().replace("\r\n", "\n") == TEXT
        and html.get_content().replace("\r\n", "\n") == f"<p>{TEXT}</p>\n"
        and [a.addr_spec for a in message["From"].addresses] == [sender]
        and _decoded(message["From"].addresses[0].display_name) == "Vendor, Größe"
        and message["Reply-To"] == "help@vendor.test"
        and (message["Message-ID"], message["Auto-Submitted"]) == (f"<000.1f@{domain}>", "auto-generated")
    )


def parsed(file: Path) -> EmailMessage:
    message = email.message_from_bytes(file.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def _decoded(header: str) -> str:
    """A header that stands there in its own letters, as `email` reads it from bytes."""
    return header.encode(errors="surrogateescape").decode()


# --- a folder ----------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, change_runtime: ChangeRuntime) -> Path:
    """Where mail goes; not there yet."""
    use(change_runtime, f"file:{tmp_path}/home/mail")
    return tmp_path / "home/mail"


def test_a_mail_is_one_file_that_any_mail_program_reads(folder: Path) -> None:
    send("ada@customer.test", "Grüße von Qbitec", TEXT)
    (file,) = folder.iterdir()
    message = parsed(file)
    assert file.suffix == ".eml"
    assert (message["To"], message["Subject"]) == ("ada@customer.test", "Grüße von Qbitec")
    assert is_whole(message, "seatkeeper@localhost")
    assert SECRET in file.read_text(), "people look for it with grep"


def test_only_its_owner_reads_it(folder: Path) -> None:
    send("ada@customer.test", "Hello", TEXT)
    (file,) = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


def test_mails_lie_in_the_order_in_which_they_were_sent(folder: Path) -> None:
    for number in range(20):
        send("ada@customer.test", f"mail {number}", TEXT)
    assert [parsed(file)["Subject"] for file in sorted(folder.iterdir())] == [f"mail {number}" for number in range(20)]


@pytest.mark.parametrize("user", ["a,b", 'a"b', "<a", "größe", "a;b", "(a"])
def test_an_odd_address_is_one_address(folder: Path, user: str) -> None:
    send(f"{user}@customer.test", "Hello", TEXT)
    (file,) = folder.iterdir()
    (address,) = email.message_from_string(file.read_text(), policy=default)["To"].addresses
    assert (address.username, address.domain) == (user, "customer.test")


def test_a_subject_begins_no_other_header(folder: Path) -> None:
    send("ada@customer.test", "Evil\r\nBcc: eve@evil.test", TEXT)
    (file,) = folder.iterdir()
    assert parsed(file)["Bcc"] is None
    assert parsed(file)["Subject"] == "Evil Bcc: eve@evil.test"


def test_a_mail_that_cannot_be_written_whole_is_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("chalicelib.mail.sender.os.fsync", full)
    with pytest.raises(MailError, match=r"^The mail cannot be written: No space left on device\.$"):
        send("ada@customer.test", "Hello", TEXT)
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path, change_runtime: ChangeRuntime) -> None:
    (tmp_path / "taken").write_text("")
    use(change_runtime, f"file:{tmp_path}/taken/mail")
    with pytest.raises(MailError, match=r"^The mail cannot be written: [A-Z][a-z ]+\.$") as caught:
        send("ada@customer.test", "Hello", TEXT)
    assert caught.value.__suppress_context__


# --- SES ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def ses(change_runtime: ChangeRuntime) -> Iterator[Stubber]:
    """SES as botocore knows it, without a network."""
    use(change_runtime, "ses:no-reply@vendor.test")
    with Stubber(runtime().mailer.ses()) as stubber:
        yield stubber


def test_ses_gets_the_mail_as_it_is(ses: Stubber) -> None:
    content = {
        "Subject": {"Data": "Grüße von Qbitec", "Charset": "UTF-8"},
        "Body": {
            "Text": {"Data": TEXT, "Charset": "UTF-8"},
            "Html": {"Data": f"<p>{TEXT}</p>\n", "Charset": "UTF-8"},
        },
    }
    expected = {
        "FromEmailAddress": "=?utf-8?b?VmVuZG9yLCBHcsO2w59l?= <no-reply@vendor.test>",
        "Destination": {"ToAddresses": ["ada@customer.test"]},
        "ReplyToAddresses": ["help@vendor.test"],
        "Content": {"Simple": content},
    }
    ses.add_response("send_email", {"MessageId": "1"}, expected)
    send("ada@customer.test", "Grüße\nvon Qbitec", TEXT)
    ses.assert_no_pending_responses()


def test_what_ses_refuses_is_one_sentence_without_the_mail(ses: Stubber, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "chalicelib")
    ses.add_client_error("send_email", "MessageRejected", f"not verified: ada@customer.test {SECRET}")
    with pytest.raises(MailError) as caught:
        send("ada@customer.test", "Hello", TEXT)
    assert str(caught.value) == "SES refuses the mail: MessageRejected."
    assert caught.value.__suppress_context__, "a traceback would show what SES said"
    assert SECRET not in caplog.text


def test_ses_out_of_reach_is_one_sentence(ses: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url="https://ses.test")

    monkeypatch.setattr(ses.client, "send_email", slow)
    with pytest.raises(MailError, match=r"^SES did not answer: ReadTimeoutError\.$"):
        send("ada@customer.test", "Hello", TEXT)


def test_ses_is_asked_once_and_not_for_long(ses: Stubber) -> None:
    config: Any = ses.client.meta.config
    assert (config.connect_timeout, config.read_timeout, config.retries["total_max_attempts"]) == (1, 3, 1)
