"""How a company shows itself: its name, its color, its logo, its time zone, and where its mails lead."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from hashlib import sha256

from chalicelib.domain.catalog import COMPANY_CODE, Company, display_name
from chalicelib.domain.color import accent_color
from chalicelib.domain.days import time_zone
from chalicelib.domain.email import optional_email
from chalicelib.domain.errors import raise_all, wrong_in
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.logo import svg_logo
from chalicelib.domain.mail import OF_COMPANY, MailCode
from chalicelib.domain.types import Json
from chalicelib.languages import known_language
from chalicelib.store import accounts
from chalicelib.usecases.create import find_company
from chalicelib.usecases.retry import decide_and_write

_RULES: Mapping[str, Callable[[str], str]] = {
    "name": display_name,
    "accent": accent_color,
    "logo": svg_logo,
    "logo_dark": svg_logo,
    "time_zone": time_zone,
    "reply_to": optional_email,
    "support_email": optional_email,
    "language": known_language,
}
"""The stored form of each field, of what is given."""
_DRAWINGS = ("logo", "logo_dark")


def known_company(code: str) -> Company | None:
    """The company of a code in whatever case, for a page that shows it to everybody; None where there is none."""
    given = code.upper()
    return accounts.read_company(given) if COMPANY_CODE.fullmatch(given) else None


def set_branding(
    company: str,
    accent: str | None,
    logo: str | None,
    actor: Actor,
    *,
    logo_dark: str | None = None,
    name: str | None = None,
    zone: str | None = None,
    reply_to: str | None = None,
    support_email: str | None = None,
    language: str | None = None,
    mails_off: frozenset[MailCode] | None = None,
    now: Instant,
) -> Company:
    """Set what is given: `accent` as `#rrggbb`, `logo` and `logo_dark` as the texts of SVGs, `zone` as an IANA
    name, two emails, the language, and all kinds of mail that nobody is to get (`domain.mail.OF_COMPANY`).

    Empty takes it away; None leaves it.

    Doing so again changes nothing. Raises `company_not_found`, and `Invalid` with one error for each wrong field.
    """
    texts = {"name": name, "accent": accent, "logo": logo, "logo_dark": logo_dark, "time_zone": zone}
    texts |= {"reply_to": reply_to, "support_email": support_email, "language": language}
    given = {field: text for field, text in texts.items() if text is not None}
    raise_all([wrong for field, text in given.items() for wrong in wrong_in(field, _RULES[field], text)])
    changed: Json = {field: _RULES[field](text) for field, text in given.items()}
    changed |= {} if mails_off is None else {"mails_off": mails_off & OF_COMPANY}

    def decide(old: Company) -> Company:
        return replace(old, **changed)

    def write(old: Company, new: Company) -> None:
        changed = {name: value for name, value in asdict(new).items() if value != getattr(old, name)}
        if changed:
            details: Json = {name: _digest(value) if name in _DRAWINGS else value for name, value in changed.items()}
            details |= {"mails_off": " ".join(sorted(new.mails_off))} if "mails_off" in changed else {}
            accounts.update_company(old, new, Event.new("company_changed", actor, now, **details))

    return decide_and_write(lambda _: find_company(company), decide, write)[1]


def _digest(logo: str) -> str:
    """Of a drawing that is too long for the history."""
    return sha256(logo.encode()).hexdigest() if logo else ""
