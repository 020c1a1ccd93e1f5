"""The one way to send mail: into a folder or by an SMTP server on one machine, through Amazon SES when deployed.

`SEATKEEPER_MAIL` says which (`settings`). What a mail says is secret: it stands in no log and in no error.
"""

import os
import re
import secrets
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from chalicelib.domain.types import AwsClient
from chalicelib.once import Once
from chalicelib.settings import SMTP

if TYPE_CHECKING:
    import smtplib
    from email.headerregistry import Address
    from email.policy import EmailPolicy

_CONNECT_SECONDS, _READ_SECONDS = 1, 3
SMTP_SECONDS = 10
"""Of each step with an SMTP server; there are ten at most."""
_LOCAL_SENDER = "seatkeeper@localhost"


class MailError(Exception):
    """A mail was not taken; the text says why, and nothing of what the mail says."""


class RecipientRefused(MailError):
    """The recipient is refused for good: to try again is of no use."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What one person is sent. What it says is secret."""

    id: str
    """The same however often it is sent: what stands before the @ of its `Message-ID`."""
    to: str
    """An email in its normal form (`domain.email`)."""
    subject: str
    text: str
    html: str
    """The same as `text` says."""
    sender: str = ""
    """Who writes; from which address is the mailer's to say."""
    reply_to: str = ""
    """An email. Empty: whoever answers, answers to where the mail came from."""


class Mailer:
    """Sends mail in one `way`: that of `Settings.mail`."""

    def __init__(self, way: str, region: str | None = None) -> None:
        self._way = way
        self.ses = Once(lambda: _ses(region))
        """What speaks to Amazon SES."""

    def send(self, letter: Letter) -> None:
        """Send a letter once. Raises `MailError`; `RecipientRefused` by SMTP alone, for SES takes a mail to anybody."""
        way, _, where = self._way.partition(":")
        if way == "file":
            _write(Path(where), letter)
        elif smtp := SMTP.fullmatch(self._way):
            _send_by_smtp(smtp, letter)
        else:
            _send_by_ses(self.ses(), where, letter)

    def check(self) -> None:
        """Require that what sending needs is there: the password of the SMTP server. Raises `MailError`."""
        smtp = SMTP.fullmatch(self._way)
        if smtp and smtp["user"]:
            _password(Path(smtp["password_file"]))


def _message(
    letter: Letter, sender: str, policy: "EmailPolicy[EmailMessage]", encoding: str | None = None
) -> EmailMessage:
    """A mail with both parts: who cannot show the second, shows the first (RFC 2046, 5.1.4)."""
    message = EmailMessage(policy)
    message["From"], message["To"] = _address(sender, letter.sender), _address(letter.to)
    message["Subject"] = _line(letter.subject)
    if letter.reply_to:
        message["Reply-To"] = _address(letter.reply_to)
    message["Date"], message["Message-ID"] = formatdate(usegmt=True), f"<{letter.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # no robot need answer (RFC 3834)
    message.set_content(letter.text, cte=encoding)
    message.add_alternative(letter.html, "html", cte=encoding)
    return message


def _address(email: str, name: str = "") -> "Address":
    from email.headerregistry import Address  # noqa: PLC0415 - 8 ms of a cold start, and few calls send mail

    user, _, domain = email.rpartition("@")
    return Address(_line(name), user, domain)


def _line(text: str) -> str:
    """A text that begins no other header."""
    return " ".join(text.split())


def _write(folder: Path, letter: Letter) -> None:
    """One file for each mail, whole or not at all, readable by its owner alone; by name, the oldest comes first."""
    from email.policy import EmailPolicy  # noqa: PLC0415 - see `_address`

    message = _message(letter, _LOCAL_SENDER, EmailPolicy(utf8=True), "8bit")
    name = f"{time.time_ns()}-{secrets.token_hex(4)}"
    unfinished = folder / f"{name}.new"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(message.as_bytes())
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(folder / f"{name}.eml")
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise MailError(f"The mail cannot be written: {error.strerror}.") from None


def _send_by_smtp(server: re.Match[str], letter: Letter) -> None:
    import smtplib  # noqa: PLC0415 - on AWS nobody needs it
    import ssl  # noqa: PLC0415
    from email.policy import SMTP as SMTP_POLICY  # noqa: PLC0415 - see `_address`

    sender, host = server["sender"], server["host"].strip("[]")
    message = _message(letter, sender, SMTP_POLICY)
    try:
        with closing(_connected(server, host)) as connection:
            connection.send_message(message, sender, [_address(letter.to).addr_spec])
            with suppress(smtplib.SMTPException, OSError):  # it has taken the mail
                connection.quit()
    except smtplib.SMTPResponseException as error:
        raise MailError(f"The mail server refuses the mail: {error.smtp_code}.") from None
    except smtplib.SMTPRecipientsRefused as error:
        [(code, said)] = error.recipients.values()
        refused = RecipientRefused if _is_for_good(code, said) else MailError
        raise refused(f"The mail server refuses the recipient: {code}.") from None
    except smtplib.SMTPNotSupportedError:
        raise MailError("The mail server does not offer what is asked of it: TLS, or a log-in.") from None
    except ssl.SSLCertVerificationError as error:
        raise MailError(f"The mail server's certificate is not trusted: {error.verify_message}.") from None
    except (smtplib.SMTPException, OSError) as error:
        raise MailError(f"The mail server did not answer: {type(error).__name__}.") from None


def _is_for_good(code: int, said: bytes) -> bool:
    """Whether no mail will be taken for the recipient (RFC 5321, 4.2.1).

    What a server refuses by its policy (RFC 3463: `5.7`) may be us, as where it takes mail only from who is logged in.
    """
    return code >= 500 and not said.startswith(b"5.7.")


def _connected(server: re.Match[str], host: str) -> "smtplib.SMTP":
    """Encrypted, but for a server on this machine that is asked by `smtp:`; logged in where there is a user."""
    import smtplib  # noqa: PLC0415
    import ssl  # noqa: PLC0415

    ours, tls = server["sender"].rpartition("@")[2], ssl.create_default_context()
    connection: smtplib.SMTP
    if server["scheme"] == "smtps":
        port = int(server["port"] or 465)
        connection = smtplib.SMTP_SSL(host, port, ours, timeout=SMTP_SECONDS, context=tls)
    else:
        connection = smtplib.SMTP(host, int(server["port"] or 587), ours, timeout=SMTP_SECONDS)
    try:
        if server["scheme"] == "smtp" and not _is_loopback(host):
            connection.starttls(context=tls)
        if server["user"]:
            connection.login(unquote(server["user"]), _password(Path(server["password_file"])))
    except BaseException:
        connection.close()
        raise
    return connection


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _password(file: Path) -> str:
    """What stands in a file that nobody but its owner may read."""
    try:
        with file.open(encoding="utf-8") as opened:
            if os.fstat(opened.fileno()).st_mode & 0o077:
                raise MailError(f"The mail server's password can be read by others: chmod 600 {file}.")
            return opened.read().rstrip("\r\n")
    except OSError as error:
        raise MailError(f"The mail server's password cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise MailError("The mail server's password is no text in UTF-8.") from None


def _send_by_ses(ses: AwsClient, sender: str, letter: Letter) -> None:
    """SES gives each mail a `Message-ID` of its own."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see _ses

    body = {"Text": _utf8(letter.text), "Html": _utf8(letter.html)}
    try:
        ses.send_email(
            FromEmailAddress=_ascii(_address(sender, letter.sender)),
            Destination={"ToAddresses": [_address(letter.to).addr_spec]},
            ReplyToAddresses=[letter.reply_to] if letter.reply_to else [],
            Content={"Simple": {"Subject": _utf8(_line(letter.subject)), "Body": body}},
        )
    except ClientError as error:
        raise MailError(f"SES refuses the mail: {error.response['Error']['Code']}.") from None
    except BotoCoreError as error:
        raise MailError(f"SES did not answer: {type(error).__name__}.") from None


def _ascii(address: "Address") -> str:
    """An address as SES takes it: a name in other letters is encoded (RFC 2047)."""
    from email.utils import formataddr  # noqa: PLC0415 - see `_address`

    return formataddr((address.display_name, address.addr_spec)) if address.display_name else address.addr_spec


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


def _ses(region: str | None) -> AwsClient:
    from botocore.config import Config  # noqa: PLC0415 - most calls send no mail
    from botocore.session import get_session  # noqa: PLC0415

    # Tried once: a second attempt could send the mail twice, and takes time that somebody waits.
    without_retries = Config(
        connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS, retries={"total_max_attempts": 1}
    )
    return get_session().create_client("sesv2", region_name=region, config=without_retries)
