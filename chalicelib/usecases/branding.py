"""How a company shows itself: its name, its color, its logo, its time zone."""

from dataclasses import asdict, replace
from hashlib import sha256

from chalicelib.domain.catalog import Company, display_name
from chalicelib.domain.color import accent_color
from chalicelib.domain.days import time_zone
from chalicelib.domain.errors import raise_all, wrong_in
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.logo import svg_logo
from chalicelib.store import accounts
from chalicelib.usecases.create import find_company
from chalicelib.usecases.retry import decide_and_write


def set_branding(
    company: str,
    accent: str | None,
    logo: str | None,
    actor: Actor,
    *,
    name: str | None = None,
    zone: str | None = None,
    now: Instant,
) -> Company:
    """Set what is given: `accent` as `#rrggbb`, `logo` as the text of an SVG, `zone` as an IANA name.

    Empty takes it away; None leaves it.

    Doing so again changes nothing. Raises `company_not_found`, and `Invalid` with one error for each wrong field.
    """
    rules = (("name", display_name, name), ("accent", accent_color, accent), ("logo", svg_logo, logo))
    given = [(field, rule, text) for field, rule, text in (*rules, ("time_zone", time_zone, zone)) if text is not None]
    raise_all([wrong for field, rule, text in given for wrong in wrong_in(field, rule, text)])

    def decide(old: Company) -> Company:
        return replace(
            old,
            name=old.name if name is None else display_name(name),
            accent=old.accent if accent is None else accent_color(accent),
            logo=old.logo if logo is None else svg_logo(logo),
            time_zone=old.time_zone if zone is None else time_zone(zone),
        )

    def write(old: Company, new: Company) -> None:
        changed = {name: value for name, value in asdict(new).items() if value != getattr(old, name)}
        if changed:
            details = changed | ({"logo": _digest(new.logo)} if "logo" in changed else {})
            accounts.update_company(old, new, Event.new("company_changed", actor, now, **details))

    return decide_and_write(lambda _: find_company(company), decide, write)[1]


def _digest(logo: str) -> str:
    """Of a drawing that is too long for the history."""
    return sha256(logo.encode()).hexdigest() if logo else ""
