"""Mails in the language of their readers."""

import re
from collections.abc import Mapping
from datetime import date

from chalicelib.domain.mail import DAY_MS, Language, Mail, MailCode
from chalicelib.mail.catalog import Catalog
from chalicelib.mail.english import ENGLISH
from chalicelib.mail.german import GERMAN

CATALOGS: Mapping[Language, Catalog] = {"en": ENGLISH, "de": GERMAN}


Params = Mapping[str, str | int | date | None]
"""What stands in a mail, by name. None, or empty: its row is left out."""
_EMPTY_ROW = re.compile(r"^ {4}[^:\n]+: *\n", re.MULTILINE)


def write_mail(
    code: MailCode,
    to: str,
    company: str,
    params: Params,
    *,
    valid_ms: int = DAY_MS,
    language: Language = "en",
) -> Mail:
    """A mail about an account of a company; `params`: its `name`, and what else the text needs.

    `to` is empty where there is no such account. `who` is the e-mail of a user; None: the vendor.
    """
    catalog = CATALOGS[language]
    subject, text = catalog.mails[code]
    days = params.get("days")
    given: Params = {"email": to, **params, "company": company, "who": params.get("who") or catalog.vendor}
    values = {name: _written(value, catalog) for name, value in given.items()}
    values["in_days"] = catalog.in_days[days != 1].format(days=days)
    item = _EMPTY_ROW.sub("", catalog.items[code].format(**values)) if code in catalog.items else ""
    said = text.format(**values, item=item)
    return Mail(to, subject.format(**values), said, valid_ms, company, language, code, item)


def _written(value: str | int | date | None, catalog: Catalog) -> str:
    """A value on one line, so that none begins a row of its own."""
    text = value.strftime(catalog.date) if isinstance(value, date) else "" if value is None else str(value)
    return " ".join(text.split())
