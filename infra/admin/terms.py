"""The commands that change what was sold, put it away, or take it away for good."""

from typing import Any

from chalicelib.domain.days import Moment, first_instant, last_instant
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import RenewalBasis
from chalicelib.domain.types import Json
from chalicelib.usecases.change_license import extend, set_archived
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.create import find_company
from chalicelib.usecases.delete_license import delete_license
from chalicelib.usecases.find_license import find_owner
from chalicelib.usecases.license_extras import Wanted, grant_features, set_fields
from chalicelib.usecases.move_license import move_license
from chalicelib.usecases.rotate_key import rotate_key
from infra.admin.command import NotGiven
from infra.admin.command_result import CommandResult
from infra.admin.commands import doubt_of, extras_document, license_document
from infra.admin.operator_name import operator
from infra.admin.parser import UsageError
from infra.progress import counting

ROTATED = "The old key is answered for a minute more at most, by processes that remember it."


def license_set(
    license: int,
    company: str | None,
    strict: bool,
    revision: int | None,
    *,
    now: Instant,
    **terms: Any,  # as `TermChanges` has them
) -> CommandResult:
    owner = find_owner(license, company)
    changes = given_terms(owner, terms)
    changed, extras = change_terms(owner, license, changes, operator(), strict=strict, revision=revision, now=now)
    return CommandResult(license_document(changed, now) | extras_document(extras), doubt_of(changed, now))


def given_terms(company: str, terms: Json) -> Json:
    """The terms that were given, by the use case's names; a date is a day of the company's. Raises `UsageError`."""
    changes = {name: value for name, value in terms.items() if value is not NotGiven}
    if not changes:
        raise UsageError("Say what is to be changed.")
    zone = find_company(company).time_zone
    of_day = {"validity_period": last_instant, "maintenance_period": last_instant, "start_date": first_instant}
    for name, instant in of_day.items():
        if changes.get(name) is not None:
            changes[name] = instant(changes[name], zone)
    return changes


def license_set_features(
    license: int, company: str | None, feature: list[tuple[str, Moment | None]], *, now: Instant
) -> CommandResult:
    owner = find_owner(license, company)
    zone = find_company(owner).time_zone
    wanted = [Wanted(code, None if end is None else last_instant(end, zone)) for code, end in feature]
    changed, extras = grant_features(owner, license, wanted, operator(), now=now)
    return CommandResult(license_document(changed, now) | extras_document(extras))


def license_set_fields(
    license: int, company: str | None, field: list[tuple[str, str]], *, now: Instant
) -> CommandResult:
    changed, extras = set_fields(find_owner(license, company), license, dict(field), operator(), now=now)
    return CommandResult(license_document(changed, now) | extras_document(extras))


def license_extend(
    license: int,
    company: str | None,
    validity_period: Moment | None,
    by: str | None,
    from_: RenewalBasis | None,
    *,
    now: Instant,
) -> CommandResult:
    if (validity_period is None) == (by is None):
        raise UsageError("Give --validity-period or --by, and one of them.")
    if from_ is not None and by is None:
        raise UsageError.of("--from", "it says what --by counts from.")
    owner = find_owner(license, company)
    zone = find_company(owner).time_zone
    end = None if validity_period is None else last_instant(validity_period, zone)
    changed = extend(owner, license, end, by, operator(), basis=from_, zone=zone, now=now)
    return CommandResult(license_document(changed, now), doubt_of(changed, now))


def license_rotate_key(
    license: int, company: str | None, old_key_for: str | None, revision: int | None, *, now: Instant
) -> CommandResult:
    owner = find_owner(license, company)
    changed, _ = rotate_key(owner, license, operator(), old_key_for=old_key_for, revision=revision, now=now)
    return CommandResult(license_document(changed, now), ROTATED if old_key_for is None else "")


def license_move(license: int, company: str | None, order: str, revision: int | None, *, now: Instant) -> CommandResult:
    changed, _ = move_license(find_owner(license, company), license, order, operator(), revision=revision, now=now)
    return CommandResult(license_document(changed, now))


def license_archive(license: int, company: str | None, *, now: Instant) -> CommandResult:
    changed = set_archived(find_owner(license, company), license, True, operator(), now=now)
    return CommandResult(license_document(changed, now))


def license_restore(license: int, company: str | None, *, now: Instant) -> CommandResult:
    changed = set_archived(find_owner(license, company), license, False, operator(), now=now)
    return CommandResult(license_document(changed, now))


def license_delete(license: int, company: str | None, revision: int | None, *, now: Instant) -> CommandResult:
    owner = find_owner(license, company)
    with counting("items deleted") as tell:
        deleted = delete_license(owner, license, operator(), revision=revision, now=now, progress=tell)
    document = {"id": license, "company": owner, "license_key": deleted.license_key, "deleted": True}
    return CommandResult(document, "Its history stays, and its key is never sold again.")
