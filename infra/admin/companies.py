"""The commands for companies."""

from chalicelib.domain.catalog import Company, SecondFactorPolicy
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.mail import MailCode
from chalicelib.domain.types import Json
from chalicelib.usecases import create
from chalicelib.usecases.branding import set_branding
from chalicelib.usecases.company_policy import require_second_factor
from chalicelib.usecases.delete_company import delete_company
from chalicelib.usecases.operator_queries import company_details, list_companies
from infra.admin.command_result import CommandResult
from infra.admin.inputs import read_drawings
from infra.admin.operator_name import operator
from infra.admin.parser import UsageError
from infra.progress import counting


def company_create(code: str, name: str, *, now: Instant) -> CommandResult:
    company = create.create_company(code, name, operator(), now=now)
    return CommandResult({"code": company.code, "id": company.id, "name": company.name})


def company_list(limit: int, after: str | None, *, now: Instant) -> CommandResult:  # noqa: ARG001 - a list has no time
    companies, behind = list_companies(limit, after)
    return CommandResult({"after": behind, "companies": [*map(_row, companies)]})


def company_show(code: str, *, now: Instant) -> CommandResult:  # noqa: ARG001 - a record has no time
    company, counted = company_details(code)
    branding = {"accent": company.accent or None, "logo": bool(company.logo), "logo_dark": bool(company.logo_dark)}
    places = {"time_zone": company.time_zone or "UTC", "portal_host": company.portal_host or None}
    addresses = {"reply_to": company.reply_to or None, "support_email": company.support_email or None}
    mail = {"language": company.language, "off": ", ".join(sorted(company.mails_off)) or "none"} | addresses
    policy = {"second_factor": company.second_factor or "nobody"}
    return CommandResult(_row(company) | branding | places | mail | policy | dict(counted))


def company_set(
    code: str,
    name: str | None,
    accent: str | None,
    logo: str | None,
    logo_dark: str | None,
    time_zone: str | None,
    portal_host: str | None,
    *,
    now: Instant,
) -> CommandResult:
    drawing, at_night = read_drawings({"--logo": logo, "--logo-dark": logo_dark})
    given: Json = {"logo_dark": at_night, "name": name, "zone": time_zone, "host": portal_host}
    company = set_branding(code, accent, drawing, operator(), **given, now=now)
    shown = {"accent": company.accent or None, "logo": bool(company.logo), "logo_dark": bool(company.logo_dark)}
    shown |= {"time_zone": company.time_zone or "UTC", "portal_host": company.portal_host or None}
    return CommandResult({"code": company.code, "id": company.id, "name": company.name} | shown)


def company_mail(
    code: str,
    language: str | None,
    reply_to: str | None,
    support_email: str | None,
    off: frozenset[MailCode] | None,
    *,
    now: Instant,
) -> CommandResult:
    given: Json = {"language": language, "reply_to": reply_to, "support_email": support_email, "mails_off": off}
    company = set_branding(code, None, None, operator(), **given, now=now)
    shown = {"language": company.language, "off": ", ".join(sorted(company.mails_off)) or "none"}
    addresses = {"reply_to": company.reply_to or None, "support_email": company.support_email or None}
    return CommandResult({"code": company.code, "id": company.id, "name": company.name} | shown | addresses)


def company_policy(code: str, second_factor: str, *, now: Instant) -> CommandResult:
    of: SecondFactorPolicy = "managers" if second_factor == "managers" else ""
    company = require_second_factor(code, of, operator(), now=now)
    return CommandResult({"code": company.code, "id": company.id, "second_factor": company.second_factor or "nobody"})


def company_delete(code: str, confirm: str, *, now: Instant) -> CommandResult:  # noqa: ARG001 - what is gone has no time
    if confirm != code:
        raise UsageError.of("--confirm", f"{confirm} is not {code}: nothing is deleted.")
    with counting("items deleted") as tell:
        items = delete_company(code, progress=tell)
    document = {"code": code, "deleted": True, "items": items}
    return CommandResult(document, "Its history is gone with it: this answer is all that is left of it.")


def _row(company: Company) -> Json:
    named = {"code": company.code, "id": company.id, "name": company.name}
    return named | {"created_at": to_iso(company.created_at)}
