"""The one way to send mail: into a folder on one machine, through Amazon SES when deployed.

`SEATKEEPER_MAIL` says which (`settings`). What a mail says is secret: it stands in no log and in no error.
"""

import os
import secrets
import time
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import formatdate
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.settings import settings

_CONNECT_SECONDS, _READ_SECONDS = 1, 3
_LOCAL_SENDER = "seatkeeper@localhost"


class MailError(Exception):
    """A mail was not taken; the text says why, and nothing of what the mail says."""


def send(to: str, subject: str, text: str) -> None:
    """Send a plain text to one address in its normal form (`domain.people`). Raises `MailError`."""
    way, _, where = settings().mail.partition(":")
    user, _, domain = to.rpartition("@")
    address, title = Address(username=user, domain=domain), " ".join(subject.split())
    if way == "file":
        _write(Path(where), address, title, text)
    else:
        _send_by_ses(where, address, title, text)


def _write(folder: Path, to: Address, subject: str, text: str) -> None:
    """One file for each mail, whole or not at all, readable by its owner alone; by name, the oldest comes first."""
    message = EmailMessage(EmailPolicy(utf8=True))
    message["From"], message["To"], message["Subject"] = _LOCAL_SENDER, to, subject
    message["Date"] = formatdate(usegmt=True)
    message.set_content(text, cte="8bit")
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


def _send_by_ses(sender: str, to: Address, subject: str, text: str) -> None:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see _ses

    content = {"Subject": _utf8(subject), "Body": {"Text": _utf8(text)}}
    try:
        _ses().send_email(
            FromEmailAddress=sender, Destination={"ToAddresses": [to.addr_spec]}, Content={"Simple": content}
        )
    except ClientError as error:
        raise MailError(f"SES refuses the mail: {error.response['Error']['Code']}.") from None
    except BotoCoreError as error:
        raise MailError(f"SES did not answer: {type(error).__name__}.") from None


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


@cache
def _ses() -> Any:
    from botocore.config import Config  # noqa: PLC0415 - most calls send no mail
    from botocore.session import get_session  # noqa: PLC0415

    # Tried once: a second attempt could send the mail twice, and takes time that somebody waits.
    once = Config(connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS, retries={"total_max_attempts": 1})
    return get_session().create_client("sesv2", config=once)
