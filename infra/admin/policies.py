"""The commands for license policies."""

from collections.abc import Callable
from functools import partial
from typing import Any

from chalicelib.domain.days import last_instant
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.policies import CHANGEABLE, Policy
from chalicelib.domain.types import Json
from chalicelib.usecases import policies
from chalicelib.usecases.bulk import Row, change_each
from chalicelib.usecases.change_terms import change_terms, preview_terms
from chalicelib.usecases.create import find_company
from chalicelib.usecases.license_list import LicenseFilter, list_licenses
from chalicelib.usecases.products import show_product
from chalicelib.web.messages import message
from infra.admin.command import NotGiven
from infra.admin.command_result import CommandResult
from infra.admin.operator_name import operator


def policy_create(company: str, product: str, *, now: Instant, **fields: Any) -> CommandResult:  # as of a policy
    made = policies.create_policy(company, product, _given(company, fields), operator(), now=now)
    return CommandResult(_document(made))


def policy_list(company: str, product: str, *, now: Instant) -> CommandResult:  # noqa: ARG001 - a list has no time
    code = show_product(company, product).code
    return CommandResult({"company": company, "product": code, "policies": [*map(_row, _of(company, code))]})


def policy_show(company: str, policy: int, *, now: Instant) -> CommandResult:  # noqa: ARG001
    return CommandResult(_document(policies.find_policy(company, policy)))


# As of a policy.
def policy_set(company: str, policy: int, revision: int | None, *, now: Instant, **changes: Any) -> CommandResult:
    given = _given(company, changes)
    changed = policies.change_policy(company, policy, given, operator(), revision=revision, now=now)
    return CommandResult(_document(changed), "Licenses that were sold by it keep their terms.")


def policy_delete(company: str, policy: int, *, now: Instant) -> CommandResult:
    policies.delete_policy(company, policy, operator(), now=now)
    return CommandResult({"company": company, "id": policy, "deleted": True}, "Licenses keep the terms that they have.")


def policy_preview(
    company: str, policy: int, license: list[int], limit: int, after: int | None, *, now: Instant
) -> CommandResult:
    found = policies.find_policy(company, policy)
    changes = policies.changes_of(found, now=now)
    preview = partial(preview_terms, found.company, changes=changes, now=now)
    return _of_each(found, license, limit, after, preview)


def policy_apply(
    company: str, policy: int, license: list[int], limit: int, after: int | None, *, now: Instant
) -> CommandResult:
    found = policies.find_policy(company, policy)
    changes = policies.changes_of(found, now=now)
    change = partial(change_terms, found.company, changes=changes, actor=operator(), now=now)
    return _of_each(found, license, limit, after, change)


def _of_each(
    policy: Policy, named: list[int], limit: int, after: int | None, do: Callable[[int], object]
) -> CommandResult:
    """What came of each license that is named, or of the next of all that were sold by the policy."""
    ids, behind = (named, None) if named else _sold_by(policy, limit, after)
    rows = change_each(ids, int, do)
    refused = sum(row.error is not None for row in rows)
    document: Json = {"policy": policy.code, "version": policy.version, "after": behind, "refused": refused}
    return CommandResult(document | {"licenses": [*map(_outcome, rows)]})


def _of(company: str, product: str) -> list[Policy]:
    return policies.find_policies(company, product)


def _sold_by(policy: Policy, limit: int, after: int | None) -> tuple[list[int], int | None]:
    """The next licenses that have their terms of a policy, at most `limit`, and the one to go on behind."""
    wanted = LicenseFilter(
        product=policy.product, tests=(lambda _, extras: extras.policy is not None and extras.policy.id == policy.id,)
    )
    ids, behind = list[int](), after
    while len(ids) < limit:
        part = list_licenses(policy.company, wanted, after=behind, size=limit - len(ids))
        ids += [license.id for license, _ in part.rows]
        behind = part.after
        if behind is None:
            break
    return ids, behind


def _outcome(row: Row) -> Json:
    if row.error is not None:
        return {"license": row.id, "outcome": f"refused: {message(row.error)}"}
    if not isinstance(row.answer, dict):
        return {"license": row.id, "outcome": "done"}
    preview: Json = row.answer
    names = [name for name in preview if f"{name}_before" in preview]
    changes = "; ".join(f"{name}: {preview[f'{name}_before']} -> {preview[name]}" for name in names)
    return {"license": row.id, "outcome": changes or "nothing to change"}


def _given(company: str, fields: Json) -> Json:
    """What was given of the options that may be left out, by the fields of a policy."""
    given = {name: value for name, value in fields.items() if value is not NotGiven}
    if given.get("validity_period") is not None:
        given["validity_period"] = last_instant(given["validity_period"], find_company(company).time_zone)
    features, values = dict(given.pop("feature")), dict(given.pop("field"))
    if features:
        given["features"] = {code: {"valid_duration": time} if time else {} for code, time in features.items()}
    if values:
        given["custom_fields"] = values
    return given


def _row(policy: Policy) -> Json:
    names = ("id", "code", "name", "version", "license_type", "max_activations", "valid_duration")
    return {name: getattr(policy, name) for name in names}


def _document(policy: Policy) -> Json:
    """A policy as JSON; None in a limit is unlimited, and dates are in ISO form."""
    named = {name: getattr(policy, name) for name in ("id", "company", "product", "version")}
    terms = {name: getattr(policy, name) for name in CHANGEABLE}
    dates = {name: to_iso(getattr(policy, name)) for name in ("validity_period", "created_at", "updated_at")}
    return named | terms | dates | {"revision": policy.revision}
