"""Management API: what is changed of licenses, one or many."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, RootModel, StrictBool, StrictInt, StrictStr, Tag
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.days import Moment, first_instant, last_instant
from chalicelib.domain.errors import Invalid, SeatkeeperError, at_field
from chalicelib.domain.instants import Instant, add, parse_duration
from chalicelib.domain.license import FLOATING_TIMEOUT, Overage, Period, RenewalBasis
from chalicelib.domain.terms import TermChanges
from chalicelib.domain.types import Json
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.license_body import GrantedFeatureBody, LicenseBody, body_of, last_feature_body
from chalicelib.management.models import Id, Sent, SentMoment
from chalicelib.management.reach import each_own, its_license, itself, named_license, reached_order
from chalicelib.management.sent_features import FeatureTerms, SentFeature, wanted_feature
from chalicelib.usecases.bulk import MAX_ROWS, Row, change_each
from chalicelib.usecases.change_license import reset_license, set_enabled
from chalicelib.usecases.change_terms import Sold, change_terms
from chalicelib.usecases.create import find_company
from chalicelib.usecases.license_extras import grant_feature, grant_features
from chalicelib.usecases.meters import set_consumption
from chalicelib.usecases.move_license import finish_move, move_license
from chalicelib.web.error_responses import wire_code, wire_sentences
from chalicelib.web.errors import ERRORS

MAX_TEXT = 1024
MAX_FEATURES = 100
MAX_DETAILS = 128 * 1024
"""Bytes of all sentences about rows of one answer, which is kept for a repeat."""
_OF_NOTHING: Mapping[str, Any] = {  # each of its term's type
    "max_license_users": None,
    "max_transfers": 0,
    "free_resets": False,
    "is_trial": False,
    "overage": "none",
    "floating_users": 0,
    "floating_timeout": FLOATING_TIMEOUT,
    "allow_negative_consumptions": False,
    "allow_overages": False,
    "max_overages": 0,
    "grace_period": 0,
    "renewal_basis": "later",
    "name": "",
    "note": "",
    "subscription_id": "",
    "metadata": {},
}
"""What a term is where null is sent for it, or what else says nothing."""
_AS_SENT = ("max_activations", "valid_duration", "prevent_vm", "max_consumptions", "consumption_period")
"""Terms of which null says something by itself."""

Text = Annotated[StrictStr, Field(max_length=MAX_TEXT)]


def _flag(value: object) -> object:
    """Clients of the public API write 0 and 1, too."""
    return bool(value) if type(value) is int and value in (0, 1) else value


Flag = Annotated[StrictBool, BeforeValidator(_flag)]


class LicensePath(Sent):
    """Which license."""

    license_id: Id


class SentTerms(Sent):
    """What may be said of a license, when it is sold and afterwards."""

    max_activations: StrictInt | None = None
    """Null: unlimited."""
    allow_unlimited_activations: Flag | None = None
    """True: whatever `max_activations` says."""
    allow_unlimited_activation: Flag | None = None
    """The same, as the public API has it in updates."""
    overage: Overage | None = None
    """How many devices are let in beyond that; null: `none`."""
    is_floating_cloud: Flag | None = None
    """False: not floating, whatever `floating_users` says; true needs that beside it."""
    floating_users: StrictInt | None = None
    """How many devices may use it at once; 0 or null: it is not floating."""
    floating_timeout: StrictInt | None = None
    """Minutes that a device holds its slot after a check; 0 or null: 120."""
    max_consumptions: StrictInt | None = None
    """How often a license by consumption may be used, in each period if it has periods; null: unlimited."""
    allow_unlimited_consumptions: Flag | None = None
    """True: whatever `max_consumptions` says."""
    allow_negative_consumptions: Flag | None = None
    """Whether uses can be given back."""
    allow_overages: Flag | None = None
    max_overages: StrictInt | None = None
    """Uses beyond, where overages are allowed; 0 or null: any number."""
    reset_consumption: Flag | None = None
    """False: it has no periods, whatever `consumption_period` says; true needs that beside it."""
    consumption_period: Period | None = None
    """In which uses are counted anew; null: they never are."""
    max_license_users: StrictInt | None = None
    """0 or null: unlimited."""
    max_transfers: StrictInt | None = None
    """-1: none; 0 or null: unlimited."""
    free_resets: Flag | None = None
    prevent_vm: Flag | None = None
    """Whether virtual machines are refused; null: as the product says."""
    is_trial: Flag | None = None
    validity_period: SentMoment | None = None
    """The end; a date alone is that day's last instant."""
    valid_duration: Text | None = None
    """From the first activation: `30d`, `12m`, `1y`."""
    trial_days: Annotated[StrictInt, Field(ge=1, le=100_000)] | None = None
    """The same in days."""
    start_date: SentMoment | None = None
    grace_period: StrictInt | None = None
    """Hours; null: none."""
    allow_grace_period: Flag | None = None
    """False: none, whatever `grace_period` says."""
    renewal_basis: RenewalBasis | None = None
    """What a renewal counts from: the old `end`, `now`, or the `later` of them, which null is, too."""
    enable_maintenance_period: Flag | None = None
    """False: no end of it."""
    maintenance_period: SentMoment | None = None
    maintenance_duration: Text | None = None
    """From the sale: `35d`, `4m`, `2y`."""
    name: Text | None = None
    note: Text | None = None
    subscription_id: Text | None = None
    """What your billing system calls the subscription."""
    metadata: Json | None = None


class LicenseChange(SentTerms):
    """PATCH licenses: what is not given stays."""

    strict: Flag = False
    """Whether a limit below what is in use is refused."""


class LicenseSwitch(LicenseChange):
    """The same at once, with the switch of `enable` and `disable`."""

    enabled: Flag = True
    """Not given: it stays as it is."""


class OneLicenseChange(LicenseSwitch):
    """The same of one license alone, which can move, too."""

    order: Id | None = None
    """The order that it moves to, as by `move`; no term is changed in the same call."""
    total_consumptions: Annotated[StrictInt, Field(ge=0)] | None = None
    """How often it counts as used in this period: 0 lets it begin anew. No term is changed in the same call."""


class BulkChange(LicenseSwitch):
    """A row of licenses/bulk_update."""

    id: Id


Changes = Annotated[list[BulkChange], Field(min_length=1, max_length=MAX_ROWS, fail_fast=True)]


class BulkLicenses(Sent):
    """The rows, as an object has them."""

    licenses: Changes


def _form(given: object) -> str:
    """In which of the two forms rows are sent; it says what is wrong with a body in the terms of that one alone."""
    return "named" if isinstance(given, dict) else "bare"


class BulkChanges(
    RootModel[Annotated[Annotated[Changes, Tag("bare")] | Annotated[BulkLicenses, Tag("named")], Discriminator(_form)]]
):
    """The rows, bare or in an object."""


Ids = Annotated[list[Id], Field(min_length=1, max_length=MAX_ROWS, fail_fast=True)]


class NamedIds(Sent):
    """The licenses, as an object has them."""

    license_ids: Ids


class SomeLicenses(
    RootModel[Annotated[Annotated[Ids, Tag("bare")] | Annotated[NamedIds, Tag("named")], Discriminator(_form)]]
):
    """Their ids, bare or in an object."""


class NewGrant(FeatureTerms):
    """POST license-product-features."""

    license: Id
    product_feature: Id
    """The id of the product's feature."""


class FeatureList(Sent):
    """All features of a license: one that is not in the list goes."""

    product_features: Annotated[list[SentFeature], Field(max_length=MAX_FEATURES, fail_fast=True)]


class AddedFeatureBody(GrantedFeatureBody):
    """A feature that a license was granted."""

    license: int


class MessageBody(TypedDict):
    """That it is done, in a sentence."""

    message: str


class RowError(TypedDict):
    """Why a row was refused."""

    code: str
    detail: str


class RowBody(TypedDict):
    """What came of one row."""

    id: int
    status: Literal["done", "refused"]
    error: RowError | None


@endpoint("PATCH", "/licenses/{license_id}", writes=True, scope="licenses:write", reach=its_license)
def change_license(path: LicensePath, body: OneLicenseChange, caller: Caller) -> LicenseBody:
    """Change terms; what is not given stays, and the same once more changes nothing. A lower limit evicts nobody."""
    if body.order is not None:
        if body.model_fields_set != {"order"}:
            raise Invalid("order_moves_alone", field="order")
        return move(path.license_id, body.order, caller)
    if body.total_consumptions is not None:
        if body.model_fields_set != {"total_consumptions"}:
            raise Invalid("total_changes_alone", field="total_consumptions")
        return _count_anew(path.license_id, body.total_consumptions, caller)
    zone = find_company(caller.company).time_zone
    return caller.once(lambda: _change(path.license_id, body, zone, caller, caller.if_match), body_of(caller))


@endpoint("PATCH", "/licenses/bulk_update", writes=True, scope="licenses:write", reach=itself)
def change_licenses(body: BulkChanges, caller: Caller) -> list[RowBody]:
    """Change many, each by itself: what is refused of one keeps no other from being changed."""
    return _change_each(body, caller)


@endpoint("POST", "/licenses/bulk_update", writes=True, scope="licenses:write", reach=itself)
def post_license_changes(body: BulkChanges, caller: Caller) -> list[RowBody]:
    """The same, for clients that send it so."""
    return _change_each(body, caller)


@endpoint("POST", "/licenses/{license_id}/update_features", writes=True, scope="licenses:write", reach=its_license)
def update_features(path: LicensePath, body: FeatureList, caller: Caller) -> LicenseBody:
    """Let a license have these features and no others; one that it has keeps its id."""
    zone = find_company(caller.company).time_zone
    wanted = [wanted_feature(one.product_feature, one, zone) for one in body.product_features]
    return caller.once(
        lambda: grant_features(
            caller.company, path.license_id, wanted, caller.actor, revision=caller.if_match, now=caller.now
        ),
        body_of(caller),
    )


@endpoint("POST", "/license-product-features", writes=True, scope="licenses:write", reach=named_license, status=201)
def grant_product_feature(body: NewGrant, caller: Caller) -> AddedFeatureBody:
    """Let a license have a feature more."""
    wanted = wanted_feature("", body, find_company(caller.company).time_zone)
    given = (caller.company, body.license, body.product_feature, wanted.expires_at, wanted.more, caller.actor)

    def added(sold: Sold) -> AddedFeatureBody:
        return {**last_feature_body(caller, sold), "license": body.license}

    return caller.once(lambda: grant_feature(*given, now=caller.now), added)


@endpoint("POST", "/licenses/disable_bulk", writes=True, scope="licenses:write", reach=itself)
def disable_licenses(body: SomeLicenses, caller: Caller) -> list[RowBody]:
    """Disable many."""

    def disable(id: int) -> object:
        return set_enabled(caller.company, id, False, caller.actor, now=caller.now)

    return each_license(_ids(body), int, disable, caller)


@endpoint("POST", "/licenses/{license_id}/reset", writes=True, scope="licenses:write", reach=its_license)
def reset_one_license(path: LicensePath, caller: Caller) -> MessageBody:
    """Deactivate all devices, and set all counts to zero."""
    return caller.once(
        lambda: reset_license(caller.company, path.license_id, caller.actor, now=caller.now),
        lambda _: MessageBody(message="License and all devices reset."),
    )


@endpoint("POST", "/licenses/reset_bulk", writes=True, scope="licenses:write", reach=itself)
def reset_licenses(body: SomeLicenses, caller: Caller) -> list[RowBody]:
    """Reset many."""

    def reset(id: int) -> object:
        return reset_license(caller.company, id, caller.actor, now=caller.now)

    return each_license(_ids(body), int, reset, caller)


def _count_anew(license_id: int, total: int, caller: Caller) -> LicenseBody:
    def counted(sold: Sold) -> LicenseBody:  # made before the write, which stores it for a repeat
        return {**body_of(caller)(sold), "total_consumptions": total}

    given = (caller.company, license_id, total, caller.actor)
    return caller.once(lambda: set_consumption(*given, revision=caller.if_match, now=caller.now), counted)


def move(license_id: int, order_id: int, caller: Caller) -> LicenseBody:
    """Let a license be one of another order, which is found by `reached_order`."""

    def change() -> Sold:
        if caller.key.products:
            reached_order(caller, order_id)
        return move_license(
            caller.company, license_id, order_id, caller.actor, revision=caller.if_match, now=caller.now
        )

    moved = caller.once(change, body_of(caller))
    if caller.is_replayed:  # the answer stands with the first step, and whoever gave it may have died behind that
        finish_move(caller.company, license_id)
    return moved


def _change_each(body: BulkChanges, caller: Caller) -> list[RowBody]:
    zone = find_company(caller.company).time_zone
    rows = body.root if isinstance(body.root, list) else body.root.licenses
    return each_license(rows, lambda row: row.id, lambda row: _change(row.id, row, zone, caller, None), caller)


def _change(license_id: int, body: LicenseSwitch, zone: str, caller: Caller, revision: int | None) -> Sold:
    return change_terms(
        caller.company,
        license_id,
        lambda sold: terms_of(body, sold[0].created_at, zone),
        caller.actor,
        enabled=body.enabled if "enabled" in body.model_fields_set else None,
        strict=body.strict,
        revision=revision,
        now=caller.now,
    )


def terms_of(body: SentTerms, sold_at: Instant, zone: str) -> TermChanges:
    """What a body says of a license of then, as the use case takes it."""
    given: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}  # as the model has them
    terms: Json = {name: given[name] for name in _AS_SENT if name in given}
    terms |= {name: given[name] or default for name, default in _OF_NOTHING.items() if name in given}
    if given.get("allow_unlimited_activations") or given.get("allow_unlimited_activation"):
        terms["max_activations"] = None
    terms |= _consumption(given)
    if given.get("is_floating_cloud") is False:
        terms["floating_users"] = 0
    elif given.get("is_floating_cloud") and not terms.get("floating_users"):
        raise Invalid("missing_parameters", field="floating_users")
    if given.get("trial_days") is not None:
        terms["valid_duration"] = f"{given['trial_days']}d"
    if given.get("allow_grace_period") is False:
        terms["grace_period"] = 0
    for name, instant in (("validity_period", last_instant), ("start_date", first_instant)):
        if name in given:
            terms[name] = None if given[name] is None else instant(given[name], zone)
    return terms | _maintenance(given, sold_at, zone)


def _consumption(given: Json) -> Json:
    """What is said besides by whether uses are limited, and counted anew."""
    terms: Json = {"max_consumptions": None} if given.get("allow_unlimited_consumptions") else {}
    if given.get("reset_consumption") is False:
        terms["consumption_period"] = None
    elif given.get("reset_consumption") and not given.get("consumption_period"):
        raise Invalid("consumption_period_missing", field="consumption_period")
    return terms


def _maintenance(given: Json, sold_at: Instant, zone: str) -> Json:
    end: Moment | None = given.get("maintenance_period")
    if given.get("enable_maintenance_period") is False:
        return {"maintenance_period": None}
    if given.get("maintenance_duration") is not None:
        with at_field("maintenance_duration"):
            return {"maintenance_period": add(sold_at, parse_duration(given["maintenance_duration"]))}
    if "maintenance_period" in given:
        return {"maintenance_period": None if end is None else last_instant(end, zone)}
    return {}


def _ids(body: SomeLicenses) -> list[int]:
    return body.root if isinstance(body.root, list) else body.root.license_ids


def rows_once(change: Callable[[], list[Row]], caller: Caller) -> list[RowBody]:
    """Change many, and answer a row for each."""

    def body(done: list[Row]) -> dict[str, list[RowBody]]:
        refused = sum(row.error is not None for row in done)
        return {"rows": [row_body(row, MAX_DETAILS // max(1, refused)) for row in done]}

    return caller.once(change, body)["rows"]


# As `change_each` has it.
def each_license(rows: Sequence[Any], id_of: Any, change: Any, caller: Caller) -> list[RowBody]:
    """The same of licenses, each by itself."""
    return rows_once(lambda: change_each(rows, id_of, each_own(caller, id_of, change)), caller)


def row_body(row: Row, most: int = MAX_DETAILS) -> RowBody:
    """What came of one row, as it is answered; `most`: bytes of the sentences about it."""
    if row.error is None:
        return {"id": row.id, "status": "done", "error": None}
    return {"id": row.id, "status": "refused", "error": row_error(row.error, most)}


def row_error(error: SeatkeeperError, most: int = MAX_DETAILS) -> RowError:
    """Why one of many was refused: as many whole sentences as there is room for, else that of the code."""
    code, detail = wire_code(error), ""
    for sentence in wire_sentences(error):
        longer = f"{detail} {sentence}".lstrip()
        if len(longer.encode()) <= most:
            detail = longer
    return {"code": code, "detail": detail or ERRORS[code][1]}
