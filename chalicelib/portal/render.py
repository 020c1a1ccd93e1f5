"""Pages: templates filled in, and the headers that every page has."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.domain.catalog import Company
from chalicelib.domain.days import ends_a_day, local
from chalicelib.domain.email import display_email
from chalicelib.domain.instants import Instant
from chalicelib.domain.pasted import MAX_REPORTED, safe_to_show
from chalicelib.languages import day, gettext, language, mark, minute, ngettext, number, reader
from chalicelib.portal.context import Context
from chalicelib.portal.forms import FIELD, new_token
from chalicelib.portal.messages import actor_words, event_words, row_message, type_words
from chalicelib.portal.request import VISITOR_COOKIE, WAY_COOKIE, PortalRequest
from chalicelib.portal.rules import duration_words
from chalicelib.portal.standing import COUNTED, STATES, device_words, standing_words
from chalicelib.usecases.portal_queries import Principal
from chalicelib.web.errors import FinalResponse

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

HERE = Path(__file__).parent
SENT_BEFORE = mark("This form was already sent. The page shows the result.")
STATIC = HERE / "static"
_MONTH_DAYS = 31
_MONTH_MS = _MONTH_DAYS * 24 * 3_600_000
HEADERS: dict[str, str | list[str]] = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Accept-Language",
}


def render(
    template: str,
    request: PortalRequest,
    secret: str,
    principal: Principal | None,
    *,
    status: int = 200,
    **context: Any,  # see `Context`
) -> FinalResponse:
    """A page. `secret`: what the tokens of its forms are keyed by."""
    company: Company | None = context.get("company") if principal is None else principal.company
    page, wrong = _environment().get_template(template), context.get("wrong", {})
    body = page.render(
        {
            "principal": principal,
            "company": company,
            "accent": "" if company is None else company.accent.removeprefix("#"),
            "of_company": "" if company is None else f"?company={company.code}",
            "logo_href": _logo_href(request, company, company.logo if company else ""),
            "logo_dark_href": _logo_href(request, company, company.logo_dark if company else ""),
            "form_result": _form_result(request, principal),
            "error": "",
            "is_own_host": False,
            "wrong_at": lambda field: _wrong_at(field, wrong),
            "marks": lambda field, *hints: _marks(field, wrong, hints),
            "path": request.path,
            "way_in": request.cookies.get(WAY_COOKIE, ""),
            "href": lambda path: request.prefix + path,
            "static": lambda name: request.prefix + static_path(name),
            "form_token": lambda path: _hidden(new_token(secret, path)),
            "leave_token": lambda path: _hidden(new_token(request.cookies.get(VISITOR_COOKIE, secret), path)),
            "event_words": event_words,
            "row_message": row_message,
            "standings": {state: gettext(words) for state, words in [*STATES.items(), *COUNTED.items()]},
            "standing_words": lambda standing: standing_words(standing, company, request.now) if company else "",
            "now": request.now,
            "language": language(),
            "zone": reader().zone or "UTC",
        }
        | context
        | {"submitted": defaultdict(str, context.get("submitted", {}))}
    )
    return FinalResponse(body, HEADERS | {"Content-Language": language()}, status)


def _logo_href(request: PortalRequest, company: Company | None, logo: str) -> str:
    return request.prefix + logo_path(company.code, logo) if company is not None and logo else ""


def _form_result(request: PortalRequest, principal: Principal | None) -> Context | None:
    if principal is None or "done" not in request.query:
        return None
    answer = principal.outcome or {}  # see `FormResult.as_answer`; older versions have stored less
    undo = answer.get("undo")
    in_time = undo is not None and request.now < undo["until"]
    return {
        "flash": answer.get("says", gettext(SENT_BEFORE)),
        "reveal": answer.get("reveal", ""),
        "undo": undo if in_time else None,
        "row": answer.get("row", ""),
        "codes": answer.get("codes", ()) if request.now < answer.get("codes_until", 0) else (),
    }


@cache
def static_path(name: str) -> str:
    """The address of a file in `static/`, with the hash of what it holds: it may be kept for ever."""
    stem, _, kind = name.rpartition(".")
    return f"/static/{stem}.{sha256((STATIC / name).read_bytes()).hexdigest()[:12]}.{kind}"


def logo_path(code: str, logo: str) -> str:
    """The address of a logo of the company with that code, likewise."""
    return f"/portal/logo/{code}-{sha256(logo.encode()).hexdigest()[:12]}.svg"


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - only pages need it
    from markupsafe import Markup  # noqa: PLC0415 - comes with jinja2

    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "when": _when,
        "day": _day,
        "ago": _ago,
        "last_use": _last_use,
        "date": _date,
        "until": _until,
        "duration": duration_words,
        "reported": _reported,
        "limit": _limit,
        "number": number,
        "actor": actor_words,
        "email": _email,
        "mailable": _mailable,
    }
    blank = Markup('<span class="blank">\N{EN DASH}</span>')  # of a cell of a list
    environment.globals |= {
        "_": _text,
        "ngettext": _texts,
        "type_words": type_words,
        "device_words": device_words,
        "blank": blank,
    }
    return environment


def _text(english: str, **params: object) -> "Markup":
    """A text of a template, in which there may be tags; what stands in it by name is escaped."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - comes with jinja2

    return Markup(gettext(english, **{name: escape(value) for name, value in params.items()}))  # noqa: S704


def _texts(one: str, several: str, count: int, **params: object) -> "Markup":
    """The text of one or of several, likewise."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - comes with jinja2

    escaped = {name: escape(value) for name, value in params.items()}
    return Markup(ngettext(one, several, count, **escaped))  # noqa: S704 - of our own catalogs


def _wrong_at(field: str, wrong: Mapping[str, str]) -> "Markup | str":
    """What is wrong with a field of a form, behind it."""
    from markupsafe import Markup  # noqa: PLC0415 - comes with jinja2

    return Markup('<small class="wrong" id="wrong-{}">{}</small>').format(field, wrong[field]) if field in wrong else ""


def _marks(field: str, wrong: Mapping[str, str], hints: Sequence[str]) -> "Markup":
    """The attributes of a field that lead to what describes it."""
    from markupsafe import Markup  # noqa: PLC0415 - comes with jinja2

    ids = [f"wrong-{field}", *hints] if field in wrong else list(hints)
    described = Markup(' aria-describedby="{}"').format(" ".join(ids)) if ids else Markup("")
    return described + Markup(' aria-invalid="true"') if field in wrong else described


def _hidden(token: str) -> "Markup":
    from markupsafe import Markup  # noqa: PLC0415 - comes with jinja2

    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token)


def _when(at: Instant | None) -> "Markup | str":
    """A day and a time, in the reader's time zone."""
    return _time(at, minute)


def _day(at: Instant | None) -> "Markup | str":
    return _time(at, day)


def _ago(at: Instant | None, now: Instant) -> "Markup | str":
    """How long ago something was; what is older than a month, by its day. The time itself is shown with the pointer."""
    from markupsafe import Markup  # noqa: PLC0415 - comes with jinja2

    if at is None or now - at > _MONTH_MS:
        return _day(at)
    minutes = max(0, now - at) // 60_000
    if minutes == 0:
        words = gettext("just now")
    elif minutes < 60:
        words = gettext("{n} min ago", n=minutes)
    elif minutes < 24 * 60:
        words = gettext("{n} h ago", n=minutes // 60)
    else:
        words = ngettext("{n} day ago", "{n} days ago", minutes // 1440)
    time = Markup('<time datetime="{}" title="{}">{}</time>')
    return time.format(_iso(at), minute(local(at, reader().zone)), words)


def _last_use(at: Instant | None, now: Instant) -> "Markup | str":
    """On which day somebody was last heard of, which is known no closer; what is older than a month, by its date."""
    from markupsafe import Markup  # noqa: PLC0415 - comes with jinja2

    if at is None:
        return gettext("never")
    on, today = (local(instant, reader().zone).date() for instant in (at, now))
    days = max(0, (today - on).days)
    if days > _MONTH_DAYS:
        return _date(on)
    words = {0: gettext("today"), 1: gettext("yesterday")}.get(days) or ngettext("{n} day ago", "{n} days ago", days)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(on.isoformat(), day(on), words)


def _date(on: date) -> "Markup":
    """A day of the calendar."""
    from markupsafe import Markup  # noqa: PLC0415 - comes with jinja2

    return Markup('<time datetime="{}">{}</time>').format(on.isoformat(), day(on))


def _until(at: Instant | None) -> "Markup | str":
    """An end: its day, and the time where it is not the day's end."""
    return _day(at) if at is None or ends_a_day(at, reader().zone) else _when(at)


def _time(at: Instant | None, written: Callable[[datetime], str]) -> "Markup | str":
    from markupsafe import Markup  # noqa: PLC0415 - comes with jinja2

    if at is None:
        return "\N{EN DASH}"
    return Markup('<time datetime="{}">{}</time>').format(_iso(at), written(local(at, reader().zone)))


def _iso(at: Instant) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _email(email: str | None) -> str:
    return display_email(email or "")


def _mailable(sentence: str, company: Company | None) -> "Markup":
    """A sentence, in which the vendor's support address is a link."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - comes with jinja2

    if company is None or not company.support_email:
        return escape(sentence)
    shown = display_email(company.support_email)
    link = Markup('<a href="mailto:{}" hx-boost="false">{}</a>').format(company.support_email, shown)
    return link.join(sentence.split(shown))


def _reported(text: str | None, otherwise: str = "\N{EN DASH}") -> "Markup | str":
    """What a device says of itself, apart from what stands around it whichever way it is written."""
    from markupsafe import Markup  # noqa: PLC0415 - comes with jinja2

    return Markup("<bdi>{}</bdi>").format(safe_to_show(text, MAX_REPORTED)) if text else otherwise


def _limit(most: int | None) -> str:
    return gettext("unlimited") if most is None else number(most)
