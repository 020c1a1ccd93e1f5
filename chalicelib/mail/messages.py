"""Mails in the language of their readers."""

from collections.abc import Mapping

from chalicelib.domain.mail import DAY_MS, Language, Mail, MailCode
from chalicelib.mail.catalog import Catalog
from chalicelib.mail.english import ENGLISH
from chalicelib.mail.german import GERMAN

CATALOGS: Mapping[Language, Catalog] = {"en": ENGLISH, "de": GERMAN}


def write_mail(
    code: MailCode,
    to: str,
    company: str,
    params: Mapping[str, str | None],
    *,
    valid_ms: int = DAY_MS,
    language: Language = "en",
) -> Mail:
    """A mail about an account of a company; `params`: its `name`, and what else the text needs.

    `to` is empty where there is no such account. `who` is the e-mail of a user; None: the vendor.
    """
    catalog = CATALOGS[language]
    subject, text = catalog.mails[code]
    who = params.get("who") or catalog.vendor
    given = {"email": to, **params, "company": company, "who": who}
    values = {name: " ".join((value or "").split()) for name, value in given.items()}  # none begins a row of its own
    return Mail(to, subject.format(**values), text.format(**values), valid_ms, company, language)
