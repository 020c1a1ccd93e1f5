"""What was mailed, as its reader finds it: tests and local runs mail into a folder."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from pathlib import Path

from chalicelib.mail.sender import Letter, RecipientRefused
from chalicelib.runtime import runtime
from chalicelib.store import reads
from chalicelib.store.items.work import MailItem
from chalicelib.store.keys import mail_pk
from chalicelib.store.mails import MAIL_SHARDS
from chalicelib.usecases.send_mails import send_mails
from tests.support import Vendor

_LINK = re.compile(r"/portal/invitation\?link=(\S+)")
_CODE = re.compile(r"^ +Code: +(\d{8})$", re.MULTILINE)


class Refusing:
    """In the place of the runtime's `Mailer`: a server that refuses every recipient for good."""

    def send(self, _letter: Letter) -> None:
        raise RecipientRefused("The mail server refuses the recipient: 550.")


def deliver() -> None:
    """Send all that is queued, whatever the test's clock says: each mail at the instant at which it was queued."""
    queued = {item.queued_at for shard in range(MAIL_SHARDS) for item in reads.query(MailItem, mail_pk(shard))}
    for at in sorted(queued):
        send_mails(now=at)


def mails(vendor: Vendor, email: str) -> list[EmailMessage]:
    """The mails about an account of a company, the oldest first.

    Those of all tests before lie in the folder: parsed are those in which the code stands, and it stands as it is.
    """
    deliver()
    folder = Path(runtime().settings.mail.removeprefix("file:"))
    files = (file for file in sorted(folder.glob("*.eml")) if vendor.code.encode() in _content(file))
    return [mail for mail, to, code in map(_read, files) if (to, code) == (email, vendor.code)]


def said(mail: EmailMessage) -> str:
    """What a mail says as plain text."""
    (plain, _html) = mail.iter_parts()
    return str(plain.get_content())


@cache
def _content(file: Path) -> bytes:
    """A mail as it was written, in which nothing is encoded. Each is read once: others look through the folder, too."""
    content = file.read_bytes()
    assert not re.search(rb"base64|quoted-printable", content), "a code might be cut or hidden"
    return content


@cache
def _read(file: Path) -> tuple[EmailMessage, str, str]:
    """A mail, with its reader and the company's code."""
    mail = message_from_bytes(_content(file), policy=default)
    assert isinstance(mail, EmailMessage)
    code = re.search(r"^ +(?:Company code|Firmencode): +(\S+)$", said(mail), re.MULTILINE)
    return mail, mail["To"], code[1] if code else ""


def code_mails(vendor: Vendor, email: str) -> list[EmailMessage]:
    """Those of them that have a code."""
    return [mail for mail in mails(vendor, email) if _CODE.search(said(mail))]


def mailed_code(vendor: Vendor, email: str) -> str:
    """The code in the newest mail about an account that has one."""
    found = _CODE.search(said(code_mails(vendor, email)[-1]))
    assert found
    return found[1]


def mailed_link(vendor: Vendor, email: str) -> str:
    """What the link of the newest invitation of an account says."""
    found = [link[1] for mail in mails(vendor, email) if (link := _LINK.search(said(mail)))]
    return found[-1]
