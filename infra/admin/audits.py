"""The command `audit`: what is stored, held against what else is stored."""

from collections.abc import Iterable

from chalicelib.domain.instants import Instant
from chalicelib.domain.types import Json
from chalicelib.usecases import audit as audits
from chalicelib.usecases.audit import Fault
from chalicelib.usecases.create import find_company
from chalicelib.usecases.repair_links import repair_links
from infra.admin.command_result import CommandResult
from infra.admin.differences import difference
from infra.admin.differences import differences as in_words
from infra.admin.operator_name import operator
from infra.progress import counting


def audit(company: str | None, repair: bool = False, *, now: Instant) -> CommandResult:
    codes = list(audits.companies()) if company is None else [find_company(company).code]
    repaired = _repair(codes, now) if repair else {}
    licenses_counted, differences = 0, []
    with counting("licenses counted") as tell:
        for code in codes:
            for license, found in audits.audit(code):
                licenses_counted += 1
                differences += [{"company": code, "license": license, "difference": text} for text in in_words(found)]
                tell(1)
    names, found_in_names = _audit_names(codes, company)
    differences += found_in_names + _audit_webhooks(codes)
    counted = {"companies": len(codes), "licenses": licenses_counted, "names": names}
    return CommandResult(counted | repaired | {"differences": differences}, exit_code=1 if differences else 0)


def _repair(codes: list[str], now: Instant) -> dict[str, int]:
    """How many names and summaries were filed and removed."""
    total = {"filed": 0, "removed": 0}
    with counting("names repaired") as tell:
        for code in codes:
            for name, count in repair_links(code, operator(), now=now, progress=tell).items():
                total[name] += count
    return total


def _audit_names(codes: list[str], company: str | None) -> tuple[int, list[Json]]:
    """How many names, summaries and filed transitions were looked at, and what is wrong with them."""
    total, differences = 0, []

    def note(code: str, looked_at: int, faults: Iterable[Fault]) -> None:
        nonlocal total, differences
        total += looked_at
        differences += [_row(code, one) for one in faults]
        tell(looked_at)

    with counting("names looked at") as tell:
        for code in codes:
            for looked_at, faults in audits.audit_links(code):
                note(code, looked_at, faults)
            note(code, 0, audits.audit_counts(code))
        for code, fault in audits.audit_due(company and codes[0]):
            note(code, 1, () if fault is None else (fault,))
    return total, differences


def _audit_webhooks(codes: list[str]) -> list[Json]:
    """What cannot be read of the webhooks of companies, and of what they are told."""
    differences = list[Json]()
    with counting("items of webhooks read") as tell:
        for code in codes:
            for looked_at, faults in audits.audit_webhooks(code):
                differences += [_row(code, one) for one in faults]
                tell(looked_at)
    return differences


def _row(company: str, fault: Fault) -> Json:
    return {"company": company, "license": fault.license_id, "difference": difference(fault)}
