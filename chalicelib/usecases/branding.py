"""How a company shows itself: its name, its color, its logo, its time zone, its host, and where its mails lead."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from hashlib import sha256
from typing import TypeVar
from urllib.parse import urlsplit

from chalicelib.domain.catalog import COMPANY_CODE, Company, display_name
from chalicelib.domain.color import accent_color
from chalicelib.domain.days import time_zone
from chalicelib.domain.email import optional_email
from chalicelib.domain.errors import AlreadyExists, raise_all, wrong_in
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.hosts import portal_host
from chalicelib.domain.instants import Instant
from chalicelib.domain.logo import svg_logo
from chalicelib.domain.mail import OF_COMPANY, MailCode
from chalicelib.domain.types import Json
from chalicelib.languages import known_language
from chalicelib.runtime import runtime
from chalicelib.store import accounts, portal_hosts
from chalicelib.usecases.create import find_company
from chalicelib.usecases.retry import decide_and_write

_RULES: Mapping[str, Callable[[str], str]] = {
    "name": display_name,
    "portal_host": portal_host,
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
C = TypeVar("C", Company, Company | None)


def known_company(code: str) -> Company | None:
    """The company of a code in whatever case, for a page that shows it to everybody; None where there is none."""
    given = code.upper()
    return shown(accounts.read_company(given)) if COMPANY_CODE.fullmatch(given) else None


def company_of_host(host: str, *, now: Instant) -> Company | None:
    """The company that has its portal at this host (`domain.hosts.requested_host`), or None.

    A host that was given to a company may be unknown here for a minute.
    """

    def code() -> str:
        return portal_hosts.company_code_of(host) or ""

    found = runtime().caches.portal_hosts.get(host, code, now) if host else ""
    company = shown(accounts.read_company(found)) if found else None
    return company if company is not None and company.portal_host == host else None


def shown(company: C) -> C:
    """The same company, whose face this process remembers from now on (`face_without_a_read`)."""
    if company is not None:
        face = replace(company, logo="", logo_dark="")
        for name in filter(None, (company.code, company.portal_host)):
            runtime().caches.faces.get(name, lambda: face, company.created_at, fresh=True)
    return company


def face_without_a_read(code: str, host: str, *, now: Instant) -> Company | None:
    """The company of this code, or else of this host, as a page of this process has shown it last, without its logos,
    which browsers would have to ask for; None where none has.
    """
    return runtime().caches.faces.get(code or host, lambda: None, now)


def portal_url_of(company: Company | None) -> str:
    """Where people reach the portal of a company, without `/portal`: at its own host, or at the server's address.

    Empty where it has no host, and the operator has named no address (`Settings.portal_url`).
    """
    own = "" if company is None else company.portal_host
    return f"https://{own}" if own else runtime().settings.portal_url


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
    host: str | None = None,
    mails_off: frozenset[MailCode] | None = None,
    now: Instant,
) -> Company:
    """Set what is given: `accent` as `#rrggbb`, `logo` and `logo_dark` as the texts of SVGs, `zone` as an IANA
    name, two emails, the language, the `host` where it alone has its portal, and all kinds of mail that nobody is to
    get (`domain.mail.OF_COMPANY`).

    Empty takes it away; None leaves it.

    Doing so again changes nothing. Raises `company_not_found`, `already_exists` where another company has the host or
    it is the server's own, and `Invalid` with one error for each wrong field.
    """
    texts = {"name": name, "accent": accent, "logo": logo, "logo_dark": logo_dark, "time_zone": zone}
    texts |= {"reply_to": reply_to, "support_email": support_email, "language": language, "portal_host": host}
    given = {field: text for field, text in texts.items() if text is not None}
    raise_all([wrong for field, text in given.items() for wrong in wrong_in(field, _RULES[field], text)])
    changed: Json = {field: _RULES[field](text) for field, text in given.items()}
    changed |= {} if mails_off is None else {"mails_off": mails_off & OF_COMPANY}

    if (wanted := changed.get("portal_host")) and wanted == urlsplit(runtime().settings.portal_url).hostname:
        raise AlreadyExists("already_exists", of="server_host", field="portal_host")

    def read(_: bool) -> Company:
        old, wanted = find_company(company), changed.get("portal_host", "")
        if wanted not in ("", old.portal_host) and portal_hosts.company_code_of(wanted) is not None:
            raise AlreadyExists("already_exists", of="portal_host", field="portal_host")
        return old

    def decide(old: Company) -> Company:
        return replace(old, **changed)

    def write(old: Company, new: Company) -> None:
        changed = {name: value for name, value in asdict(new).items() if value != getattr(old, name)}
        if changed:
            details: Json = {name: _digest(value) if name in _DRAWINGS else value for name, value in changed.items()}
            details |= {"mails_off": " ".join(sorted(new.mails_off))} if "mails_off" in changed else {}
            accounts.update_company(old, new, Event.new("company_changed", actor, now, **details))

    return decide_and_write(read, decide, write)[1]


def _digest(logo: str) -> str:
    """Of a drawing that is too long for the history."""
    return sha256(logo.encode()).hexdigest() if logo else ""
