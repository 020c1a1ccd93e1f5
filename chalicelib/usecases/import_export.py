"""Bring in what another Seatkeeper has exported (docs/export.md): file by file, each row by the use case of its noun.

What is there stays as it is: so the same again adds what is missing, and goes on where it was cut short. Rows that name
something by its id stand behind what they name, and find it here by what people call it; a license by the item that
says of which row it was made.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace

from chalicelib.domain import custom_fields, features, policies, products
from chalicelib.domain.adoption import LegacyDevice
from chalicelib.domain.customers import OF_ACCOUNT, PROFILE, CustomerAccount
from chalicelib.domain.errors import Invalid, NotFound, Rejected
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant, from_iso
from chalicelib.domain.license import DeviceReport, hash_hardware_id
from chalicelib.domain.license_rows import license_row
from chalicelib.domain.mail import DAY_MS
from chalicelib.domain.orders import DETAILS
from chalicelib.domain.source_rows import SourceRow, System
from chalicelib.domain.types import Json
from chalicelib.domain.variables import Variable
from chalicelib.store import accounts, activations, orders, seats
from chalicelib.store.devices import DeviceKey, WholeDevice, read_devices
from chalicelib.store.variables import change_variables, read_variables
from chalicelib.threads import map_in_turns
from chalicelib.usecases.adopt import add_legacy_devices
from chalicelib.usecases.assign_user import Profile, assign_user
from chalicelib.usecases.change_account import choose_language, choose_mails
from chalicelib.usecases.change_device import blacklist_device
from chalicelib.usecases.change_license import set_archived
from chalicelib.usecases.close_account import close_account
from chalicelib.usecases.create import create_product, find_company
from chalicelib.usecases.customer_accounts import create_customer_account, find_customer_accounts
from chalicelib.usecases.customer_labels import create_customer_label, find_customer_labels
from chalicelib.usecases.customers import add_label, create_customer
from chalicelib.usecases.find_customer import find_customer_by_email
from chalicelib.usecases.find_license import find_license
from chalicelib.usecases.import_license import RowOutcome, Verdict, import_license, plan_license
from chalicelib.usecases.import_rows import ADOPTED_WITHIN_DAYS, RowResult
from chalicelib.usecases.license_users import change_user
from chalicelib.usecases.order_managers import add_manager, change_order, find_managers
from chalicelib.usecases.policies import create_policy, find_policies
from chalicelib.usecases.product_features import create_feature, find_features
from chalicelib.usecases.product_fields import create_field, find_fields
from chalicelib.usecases.products import change_product, list_products
from chalicelib.usecases.retry import decide_and_write

SYSTEM: System = "seatkeeper"
_UNDEFINED = {"unknown_product", "feature_not_found", "field_not_found"}
"""Of a license in a plan: what it is sold of is to be made before it."""
_UNLIMITED: Mapping[str, str] = {
    "max_activations": "allow_unlimited_activations",
    "max_license_users": "allow_unlimited_license_users",
}
_OF_PRODUCT = (*products.TERMS, "prevent_vm", "metadata")
_OF_POLICY = tuple(name for name in policies.CHANGEABLE if name not in ("validity_period", "features", "custom_fields"))
"""What a row says as it is stored."""


@dataclass(frozen=True, slots=True)
class Target:
    """The company that is filled."""

    company: str
    zone: str
    actor: Actor
    adopt_until: Instant
    """Until when devices that come along keep their places, if they do not call."""
    writes: bool = True
    """Whether anything is done, and not planned alone."""
    products: dict[int, str] = field(default_factory=dict)
    """The codes of the export's products, by their ids there."""


Bring = Callable[[Target, Json, Instant], Verdict]
"""What brings in a row, and answers what has become of it, or would. Raises `Rejected`, KeyError."""


def bring_in_export(
    company: str,
    read: Callable[[str], Iterable[Json]],
    actor: Actor,
    *,
    adopt_until: Instant | None = None,
    writes: bool = True,
    now: Instant,
) -> Iterator[RowResult]:
    """Bring in all files, which `read` reads by their names, and say of each row what has come of it.

    Without `writes`: what would come of it. What is refused of one row keeps no other from it. It may be left anywhere,
    and be repeated. Raises `company_not_found`, `Unavailable`.
    """
    owner = find_company(company)
    until = now + ADOPTED_WITHIN_DAYS * DAY_MS if adopt_until is None else adopt_until
    target = Target(owner.code, owner.time_zone, actor, until, writes)
    for name, bring in _STEPS:
        yield from _bring_file(target, name, bring, read(name), now)


def _bring_file(target: Target, name: str, bring: Bring, rows: Iterable[Json], now: Instant) -> Iterator[RowResult]:
    def outcome(numbered: tuple[int, Json]) -> RowResult:
        number, row = numbered
        said = f"{name} {row.get('id') or row.get('email') or row.get('hardware_id') or number}"
        try:
            return RowResult(number, said, RowOutcome(bring(target, row, now + number), None))
        except KeyError as error:
            return RowResult(number, said, None, Invalid("missing_parameters", field=str(error.args[0])), row)
        except Rejected as error:
            return RowResult(number, said, None, error, row)

    return map_in_turns(outcome, enumerate(rows, start=1), _changed)


def _changed(numbered: tuple[int, Json]) -> str:
    """What a row changes besides what it makes: its license, or its customer, or its order."""
    number, row = numbered
    return str(row.get("license") or row.get("customer") or row.get("order_store_id") or number)


def _product(target: Target, row: Json, now: Instant) -> Verdict:
    code = row["short_code"]
    target.products[row["id"]] = code
    if any(one.code == code for one in list_products(target.company)):
        return "same"
    if target.writes:
        fields, method = {name: row[name] for name in _OF_PRODUCT}, row["authorization_method"]
        create_product(target.company, code, row["product_name"], method, target.actor, fields=fields, now=now)
    return "new"


def _product_state(target: Target, row: Json, now: Instant) -> Verdict:
    """Last: of a product that is archived no license can be made."""
    there = [one for one in list_products(target.company) if one.code == row["short_code"]]
    if row["state"] == (there[0].state if there else "active"):
        return "same"
    if target.writes:
        change_product(target.company, row["short_code"], {"state": row["state"]}, target.actor, now=now)
    return "changed"


def _defined(
    name: str,
    find: Callable[[str, str], Iterable[object]],
    fields: Callable[[Json], Json],
    create: Callable[..., object],  # as `create_feature`
) -> Bring:
    """What brings in what a product defines, which is known by this `name` of it, with what a row says in `fields`."""

    def bring(target: Target, row: Json, now: Instant) -> Verdict:
        product = target.products.get(row["product"])
        if product is None:
            raise NotFound("unknown_product", field="product")
        if any(getattr(one, name) == row[name] for one in find(target.company, product)):
            return "same"
        if target.writes:
            create(target.company, product, fields(row), target.actor, now=now)
        return "new"

    return bring


def _feature_fields(row: Json) -> Json:
    said = {name: row[name] for name in features.CHANGEABLE}
    return said | {"max_consumption": None if row["allow_unlimited_consumptions"] else row["max_consumption"]}


def _field_fields(row: Json) -> Json:
    return {name: row[name] or "" for name in custom_fields.CHANGEABLE}


def _policy_fields(row: Json) -> Json:
    said = {name: row[name] for name in _OF_POLICY}
    granted = [dict(one) for one in row["product_features"]]
    return {
        **said,
        **{limit: None for limit, unlimited in _UNLIMITED.items() if row[unlimited]},
        "validity_period": row["validity_period"] and from_iso(row["validity_period"]),
        "features": {one.pop("code"): one for one in granted},
        "custom_fields": {one["name"]: one["value"] for one in row["custom_fields"]},
    }


def _customer_account(target: Target, row: Json, now: Instant) -> Verdict:
    if _account_like(target, row) is not None:
        return "same"
    if target.writes:
        fields = {name: row[name] for name in (*OF_ACCOUNT, "email") if row.get(name)}
        create_customer_account(target.company, fields, target.actor, now=now)
    return "new"


def _account_like(target: Target, row: Mapping[str, str]) -> CustomerAccount | None:
    """The customer account of the same name and code."""
    found = find_customer_accounts(target.company)
    return next((one for one in found if (one.name, one.code) == (row["name"], row["code"])), None)


def _customer_label(target: Target, row: Json, now: Instant) -> Verdict:
    if any(one.label == row["label"] for one in find_customer_labels(target.company)):
        return "same"
    if target.writes:
        create_customer_label(target.company, row["label"], row["color"], target.actor, now=now)
    return "new"


def _customer(target: Target, row: Json, now: Instant) -> Verdict:
    there = find_customer_by_email(target.company, row["email"])
    wanted, verdict = {one["label"] for one in row["labels"]}, "new" if there is None else "same"
    labels = [one for one in find_customer_labels(target.company) if one.label in wanted] if wanted else []
    if there is not None and all(str(one.id) in there.labels for one in labels):
        return "same"
    if not target.writes:
        return "new" if verdict == "new" else "changed"
    if there is None:
        account = row["customer_account"] and _account_like(target, row["customer_account"])
        profile = {name: row[name] for name in PROFILE if row[name]}
        there = create_customer(
            target.company,
            row["email"],
            profile,
            target.actor,
            account=None if account is None else account.id,
            metadata=row["metadata"],
            now=now,
        )
    for one in labels:
        add_label(target.company, there.id, one.id, target.actor, now=now)
    return "new" if verdict == "new" else "changed"


def _license(target: Target, row: Json, now: Instant) -> Verdict:
    is_away = row["is_archived"] and row["disabled_by"] is None  # it is enabled again by whoever restores it
    said = row | {"enabled": None} if is_away else row
    given = replace(license_row(said, target.zone), name=str(row["id"]))
    if target.writes:
        made = import_license(target.company, given, SYSTEM, target.actor, adopt_until=target.adopt_until, now=now)
        return made.verdict
    try:
        return plan_license(target.company, given, SYSTEM, now=now).verdict
    except NotFound as error:
        if error.code in _UNDEFINED and given.product in target.products.values():
            return "new"
        raise


def _archived(target: Target, row: Json, now: Instant) -> Verdict:
    """Last: to who has put a license away no seat can be given of it."""
    if not row["is_archived"]:
        return "same"
    license_id = _license_of(target, row["id"])
    if license_id is not None and find_license(target.company, license_id).archived_at is not None:
        return "same"
    if license_id is not None and target.writes:
        set_archived(target.company, license_id, True, target.actor, now=now)
    return "changed"


def _license_of(target: Target, id: object) -> int | None:
    """The license that was made of a row. Raises `NotFound` where it has to be there."""
    found = accounts.find_made_of_row(target.company, SourceRow(SYSTEM, str(id)))
    if found is None and target.writes:
        raise NotFound("license_not_found", of="source_row", field="license")
    return None if found is None else found.license_id


def _license_user(target: Target, row: Json, now: Instant) -> Verdict:
    license_id = _license_of(target, row["license"])
    user_id = accounts.user_of_email(target.company, row["email"])
    if license_id and user_id and seats.read_seat(target.company, license_id, user_id) is not None:
        return "same"
    if license_id and target.writes:
        profile = Profile(*(row[name] or "" for name in ("first_name", "last_name", "phone_number")))
        most = row["max_activations"]
        assign_user(target.company, license_id, row["email"], most, target.actor, profile=profile, tell=False, now=now)
    return "new"


def _order(target: Target, row: Json, now: Instant) -> Verdict:
    said = {name: row[name] for name in DETAILS if row.get(name)}  # an export of before says nothing of it
    if "created" in said:
        said["created"] = from_iso(said["created"])
    if not (row["manager_emails"] or row["denied"] or said):
        return "same"
    name, denied = row["store_id"], frozenset(row["denied"])
    order = orders.read_order(target.company, name)
    managers = set[str]() if order is None else {user.email for user in find_managers(order)}
    is_said = order is not None and order.denied == denied and all(getattr(order, n) == v for n, v in said.items())
    if is_said and managers >= set(row["manager_emails"]):
        return "same"
    if target.writes:
        if not is_said:
            change_order(target.company, name, target.actor, details=said, denied=denied, now=now)
        for email in sorted({*row["manager_emails"]} - managers):
            add_manager(target.company, name, email, target.actor, tell=False, now=now)
    return "changed"


def _device(target: Target, row: Json, now: Instant) -> Verdict:
    """As a legacy device, which the same hardware id finds again. One that is not active stays behind."""
    license_id = _license_of(target, row["license"]["id"])
    if not row["device_active"]:
        return "same"
    there = _device_like(target, license_id, row)
    if there is not None and not _missing_variables(there, row):
        return "same"
    if license_id and target.writes:
        if there is None:
            given = [_legacy_device(row)]
            add_legacy_devices(target.company, license_id, given, target.adopt_until, target.actor, now=now)
        _bring_variables(target, license_id, row, now)
    return "new"


def _legacy_device(row: Json) -> LegacyDevice:
    said = {name: row[name] for name in ("hardware_id", "hostname", "ip", "mac_address", "vm_info", "app_ver")}
    report = DeviceReport(**said, os_ver=row["os"], is_vm=row["is_vm"], sdk_ver=row["sdk_build_version"])
    return LegacyDevice(report, row["email"], from_iso(row["time_activated"]), from_iso(row["last_check"]))


def _device_like(target: Target, license_id: int | None, row: Json) -> WholeDevice | None:
    """The device of the same hardware id and user."""
    user_id = None if row["email"] is None else accounts.user_of_email(target.company, row["email"])
    if license_id is None or (row["email"] and user_id is None):
        return None
    key = DeviceKey(license_id, hash_hardware_id(row["hardware_id"]), user_id)
    return next(read_devices(target.company, [key]), None)


def _missing_variables(there: WholeDevice, row: Json) -> list[Variable]:
    known = {one.name for one in there.variables or ()}
    return [
        Variable(one["id"] - row["id"], one["variable"], one["value"], from_iso(one["created_at"]))
        for one in row["device_variables"] or ()
        if one["variable"] not in known
    ]


def _bring_variables(target: Target, license_id: int, row: Json, now: Instant) -> None:
    there = _device_like(target, license_id, row)
    if there is None or not (missing := _missing_variables(there, row)):
        return
    device, license = there.device, find_license(target.company, license_id)
    event = Event.new(
        "variables_tracked",
        target.actor,
        now,
        hardware_id=device.hardware_id,
        user_id=device.user_id,
        count=len(missing),
    )
    decide_and_write(
        lambda _: read_variables(license, device.hardware_id, device.user_id),
        lambda seen: sorted([*seen.variables, *missing], key=lambda one: one.id),
        lambda seen, new: change_variables(license, device, seen, new, event),
    )


def _blocked_device(target: Target, row: Json, now: Instant) -> Verdict:
    license_id, hardware_id = _license_of(target, row["license"]), row["hardware_id"]
    if license_id is not None:
        license = find_license(target.company, license_id)
        if license.blocked_devices and activations.blocked(license, [hash_hardware_id(hardware_id)]):
            return "same"
        if target.writes:
            blacklist_device(target.company, license_id, hardware_id, target.actor, now=now)
    return "new"


def _user(target: Target, row: Json, now: Instant) -> Verdict:
    """What an account says of its person. One that has no seat and manages nothing is not made."""
    user_id = accounts.user_of_email(target.company, row["email"])
    user = None if user_id is None else accounts.read_user(target.company, user_id)
    if user is None:
        return "same"
    profile = Profile(row["first_name"], row["last_name"], row["phone_number"])
    mails_off, metadata = frozenset(row["mails_off"]), row.get("metadata", user.metadata)  # older exports have none
    said: list[tuple[object, object]] = [
        (metadata, user.metadata),
        (profile, Profile(user.first_name, user.last_name, user.phone_number)),
        ((row["language"], row["time_zone"]), (user.language, user.time_zone)),
        (mails_off, user.mails_off),
        (row["is_active"], user.closed_at is None),
    ]
    if all(new == old for new, old in said):
        return "same"
    if target.writes:
        change_user(target.company, user.id, asdict(profile), target.actor, metadata=metadata, now=now)
        choose_language(target.company, user.id, row["language"], row["time_zone"], target.actor, now=now)
        choose_mails(target.company, user.id, mails_off, target.actor, now=now)
        if not row["is_active"]:
            close_account(target.company, row["email"], target.actor, now=now)
    return "changed"


_STEPS: tuple[tuple[str, Bring], ...] = (
    ("products", _product),
    ("product_features", _defined("code", find_features, _feature_fields, create_feature)),
    ("product_custom_fields", _defined("name", find_fields, _field_fields, create_field)),
    ("license_policies", _defined("code", find_policies, _policy_fields, create_policy)),
    ("customer_accounts", _customer_account),
    ("customer_labels", _customer_label),
    ("customers", _customer),
    ("licenses", _license),
    ("license_users", _license_user),
    ("orders", _order),
    ("devices", _device),
    ("blocked_devices", _blocked_device),
    ("users", _user),
    ("licenses", _archived),
    ("products", _product_state),
)
