"""The words of all mails in one language, as `messages.write_mail` fills them in and `letter.to_letter` shows them.

A third language is a file beside `english.py`, and a line in `messages.CATALOGS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.domain.mail import MailCode


@dataclass(frozen=True, slots=True)
class Catalog:
    """All mails in one language."""

    mails: Mapping[MailCode, tuple[str, str]]
    """Subject and text; parameters stand in them by name: `name` and `company` of the vendor, `email`, and others."""
    items: Mapping[MailCode, str]
    """Of mails to managers, what stands at `{item}` in the text: rows about one license."""
    vendor: str
    """Who has done something, where it was no user (`who`); a sentence begins with it."""
    date: str
    """How a day is written, as `strftime` takes it."""
    in_days: tuple[str, str]
    """After how long: of one day, and of several (`days`)."""
    portal: str
    """Label of the row that leads to the portal."""
    support: str
    """Label of the row with whom to ask."""
