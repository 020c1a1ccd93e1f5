"""Mails in the language of their readers."""

import textwrap
from collections.abc import Mapping
from datetime import date, datetime

from chalicelib.domain.mail import DAY_MS, Mail, MailCode
from chalicelib.languages import ENGLISH, Reader, day, gettext, minute, ngettext, writing_for
from chalicelib.mail.texts import ITEM, TEXTS, VENDOR, Block, Rows

WIDTH = 78
"""Characters of a line, which every mail program shows whole."""

Params = Mapping[str, str | int | date | None]
"""What stands in a mail, by name. None, or empty: its row is left out."""


def write_mail(
    code: MailCode,
    to: str,
    company: str,
    params: Params,
    *,
    valid_ms: int = DAY_MS,
    language: str = ENGLISH,
) -> Mail:
    """A mail about an account of a company; `params`: its `name`, and what else the text needs.

    `to` is empty where there is no such account. `who` is the email of a user; None: the vendor.
    """
    text = TEXTS[code]
    with writing_for(Reader(language)):
        given: Params = {"email": to, **params, "company": company, "who": params.get("who") or gettext(VENDOR)}
        values = {name: _written(value) for name, value in given.items()}
        if isinstance(days := params.get("days"), int):
            values["in_days"] = ngettext("in {n} day", "in {n} days", days)
        if isinstance(over := params.get("over"), int):
            values["over"] = ", " + gettext("{n} over the limit", n=over) if over else ""
        item = _rows(text.item, values)
        said = "\n".join(item if block == ITEM else _block(block, values) for block in text.blocks)
        return Mail(to, gettext(text.subject, **values), said, valid_ms, company, language, code, item)


def row(label: str, value: str) -> str:
    """A row of a mail, as all others: values stand below each other."""
    return f"    {label + ':':14} {value}\n"


def _block(block: Block, values: Mapping[str, str]) -> str:
    if isinstance(block, tuple):
        return _rows(block, values)
    text = gettext(block, **values)
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False) + "\n"


def _rows(rows: Rows, values: Mapping[str, str]) -> str:
    filled = [(gettext(label), value.format(**values)) for label, value in rows]
    return "".join(row(label, value) for label, value in filled if value)


def _written(value: str | int | date | None) -> str:
    """A value on one line, so that none begins a row of its own."""
    match value:
        case None:
            return ""
        case datetime():
            return f"{minute(value)} ({value.tzname()})"
        case date():
            return day(value)
    return " ".join(str(value).split())
