"""Bring in a license that was sold elsewhere: as a row of an import says it, and once, however often the row comes.

It is sold as any other license, by `issue_license`, and the transaction that makes it puts the item by which the row is
known from then on. Its users, managers and devices follow, each by its own use case. Devices are legacy ones
(`usecases.adopt`): the clients of now have other hardware ids. A row that comes again is held against what is there,
and only what differs is done: so a change of the source is taken over, and what was cut short is finished.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from chalicelib.domain.adoption import LegacyDevice
from chalicelib.domain.catalog import Order
from chalicelib.domain.customers import Customer
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import AlreadyExists, Invalid, NotFound, at_field, sent_as
from chalicelib.domain.events import Actor
from chalicelib.domain.extras import EXTRAS, with_extras
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, hash_hardware_id, with_overage
from chalicelib.domain.license_rows import FeatureRow, LicenseRow, UserRow
from chalicelib.domain.row_differences import Difference, Imported, difference
from chalicelib.domain.source_rows import SourceRow, System
from chalicelib.domain.terms import Terms
from chalicelib.domain.types import Json
from chalicelib.store import accounts, batches, customers, licenses, orders
from chalicelib.store.devices import DeviceKey, read_device_ids
from chalicelib.usecases.adopt import add_legacy_devices
from chalicelib.usecases.assign_user import Profile, assign_user
from chalicelib.usecases.catalog import find_product
from chalicelib.usecases.change_license import set_enabled
from chalicelib.usecases.change_seat import set_max_activations
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.create_order import NewLicense, NewUser, guard_license
from chalicelib.usecases.customers import change_customer
from chalicelib.usecases.find_customer import find_customer_by_email
from chalicelib.usecases.issue_license import guard_names, issue_license, terms_of
from chalicelib.usecases.license_extras import Wanted, grant_features, new_extras, set_fields
from chalicelib.usecases.order_managers import add_manager, change_order, find_managers, find_order_of
from chalicelib.usecases.policies import extras_of

Verdict = Literal["new", "same", "changed"]


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What becomes, or has become, of a row."""

    verdict: Verdict
    license_id: int | None
    """None: it is not made yet."""
    differs: Sequence[str] = ()
    """What differs from what is there, by the names of the row."""
    import_id: int | None = None
    """The file by which it was made; None: by none."""


def plan_license(company: str, row: LicenseRow, system: System, *, now: Instant) -> RowOutcome:
    """What `import_license` would do; nothing is written. Raises as it does, as far as that is known before."""
    source = SourceRow(system, row.name)
    there = _read(company, row, source)
    if there is None:
        wanted = _guard_new(company, row, source, now)
        guard_names(company, wanted.terms, source)
        _guard_order(company, wanted.terms)
        return RowOutcome("new", None)
    return _outcome(there, difference(row, there))


def import_license(
    company: str,
    row: LicenseRow,
    system: System,
    actor: Actor,
    *,
    adopt_until: Instant,
    import_id: int | None = None,
    now: Instant,
) -> RowOutcome:
    """Make the license of a row, or bring the one that was made of it up to what the row says now.

    `adopt_until`: until when new devices of the row may be adopted; `import_id`: the file that the row is of, which
    all that is made of it names. Nobody is mailed.
    Raises `AlreadyExists`: `already_exists` of `source_row`, where the row says another key, product, type, order or
    customer than the license has; of `license_key`, where a license has the key that is not of this row; and as
    `issue_license`, `change_terms`, `grant_features`, `set_fields`, `assign_user` and `add_legacy_devices`.
    """
    source = SourceRow(system, row.name, import_id)
    there = _read(company, row, source)
    if there is not None:
        todo = difference(row, there)
        _bring_up(there.license, todo, row, actor, adopt_until, now)
        return _outcome(there, todo)
    wanted = _guard_new(company, row, source, now)
    extras = new_extras(company, row.product, wanted.features, row.fields, now=now)
    extras = with_extras(extras, _carried(company, row, now))
    try:
        given = (company, row.product, wanted.terms, None, actor)
        license, _ = issue_license(*given, source=source, carried=extras, details=row.order, total=row.total, now=now)
    except AlreadyExists as error:
        if error.params.get("of") != "source_row":
            raise
        # Somebody else has made it just now.
        return import_license(company, row, system, actor, adopt_until=adopt_until, import_id=import_id, now=now)
    made = Imported(license, extras, _customer(company, row), _order(license, row), import_id=import_id)
    _bring_up(license, difference(row, made), row, actor, adopt_until, now)
    return RowOutcome("new", license.id, import_id=import_id)


def _guard_order(company: str, terms: Terms) -> None:
    """That the order, where it is there, is the customer's, by an email of now or before. Raises `AlreadyExists`."""
    order = None if terms.order_id is None else orders.read_order(company, terms.order_id)
    if order is not None and _email_of_now(company, order.customer) != _email_of_now(company, terms.customer or ""):
        raise AlreadyExists("already_exists", of="order", field="order_id", order=order.id)


def _email_of_now(company: str, named: str) -> str:
    """That of the customer who has this email or had it before; of nobody, the email itself."""
    email = known_email(named) if named else ""
    sales = customers.read_sales(company, email) if email else None
    if sales is None or not sales.is_former or (customer := customers.read(company, sales.customer)) is None:
        return email
    return customer.email


def _outcome(there: Imported, todo: Difference) -> RowOutcome:
    verdict: Verdict = "changed" if todo.names else "same"
    return RowOutcome(verdict, there.license.id, tuple(todo.names), there.import_id)


def _read(company: str, row: LicenseRow, source: SourceRow) -> Imported | None:
    """What there is of a row; None: it is new. Raises `NotFound` where its license was deleted since."""
    made = accounts.find_made_of_row(company, source)
    if made is None:
        return None
    found = licenses.read_with_extras(company, made.license_id)
    if found is None:
        raise NotFound("license_not_found", of="source_row")
    license, extras = found
    there = Imported(license, extras, _customer(company, row), _order(license, row), import_id=made.import_id)
    _guard_customer(company, row, there)
    if row.devices:
        there = replace(there, devices=_known_devices(license, row))
    if not row.users:
        return there
    emails = _emails(row)
    ids, seats = batches.seats_of(company, license.id, emails)
    seated = {email: seats[id] for email, id in ids.items() if id in seats}
    return replace(there, seats=seated, managers=_managers(license, row))


def _known_devices(license: License, row: LicenseRow) -> frozenset[LegacyDevice]:
    owners = {one.email: accounts.user_of_email(license.company, one.email) for one in row.devices if one.email}
    keys = {
        DeviceKey(license.id, hash_hardware_id(one.report.hardware_id), owners[one.email] if one.email else None): one
        for one in row.devices
        if not one.email or owners[one.email] is not None
    }
    return frozenset(keys[key] for key in read_device_ids(license.company, list(keys)))


def _customer(company: str, row: LicenseRow) -> Customer | None:
    """Whom the row names, where it says more than an email of him."""
    return find_customer_by_email(company, row.customer["email"]) if len(row.customer) > 1 else None


def _order(license: License, row: LicenseRow) -> Order | None:
    """That of a license, where the row says anything of it."""
    return find_order_of(license) if row.order else None


def _guard_customer(company: str, row: LicenseRow, there: Imported) -> None:
    """That the license is still that of the row's customer, under whatever email. Raises `AlreadyExists`."""
    email = row.customer.get("email")
    if email is None or known_email(email) == there.license.customer:
        return
    named = there.customer or find_customer_by_email(company, email)
    if named is None or named.email != there.license.customer:
        raise AlreadyExists("already_exists", of="source_row", field="customer")


def _managers(license: License, row: LicenseRow) -> frozenset[str]:
    if not any(user.is_manager for user in row.users):
        return frozenset()
    order = find_order_of(license)
    return frozenset() if order is None else frozenset(user.email for user in find_managers(order))


def _emails(row: LicenseRow) -> list[str]:
    """Of the users, in their order. Raises `Invalid`."""
    emails = []
    for place, user in enumerate(row.users):
        with at_field(f"license_users.{place}"):
            emails.append(known_email(user.email))
    return emails


def _new_license(company: str, row: LicenseRow, now: Instant) -> NewLicense:
    """The license of a row as `create_order` takes it; what the row leaves out is as the product has it."""
    given = {**row.terms, "license_key": row.license_key, "customer": row.customer.get("email")}
    terms = terms_of(company, row.product, given, now=now)
    users = [
        NewUser(email, _limit(user, terms), _profile(user), user.is_manager)
        for email, user in zip(_emails(row), row.users, strict=True)
    ]
    return NewLicense(row.product, terms, row.more, _features(row.features or ()), row.fields, users)


def _carried(company: str, row: LicenseRow, now: Instant) -> Json:
    """What a row that is new carries besides features and fields; its maintenance, if it says none, as its product."""
    of_product = extras_of(None, find_product(company, row.product, now=now), now=now)
    said = {name: value for name, value in row.more.items() if name in EXTRAS}
    return {"maintenance_period": of_product.maintenance_period} | said


def _guard_new(company: str, row: LicenseRow, source: SourceRow, now: Instant) -> NewLicense:
    """The license of a row that is new, with all that it is to have. Raises `SeatkeeperError` where that cannot be.

    Its names `issue_license` guards, and a plan by itself.
    """
    wanted = _new_license(company, row, now)
    with sent_as(lambda field: f"license_{field}" if field.partition(".")[0] == "users" else field):
        guard_license(company, wanted, source, now=now)
    limits = {known_email(user.email): user.max_activations for user in wanted.users}
    for email, devices in Counter(device.email for device in row.devices).items():
        if email is not None and email not in limits:
            raise NotFound("user_not_found", of="row", field="devices", email=email)
        if email is not None and devices > (devices if (most := limits[email]) is None else most):
            raise Invalid("count_out_of_range", field="devices", least=0, most=limits[email])
    most = with_overage(wanted.terms.max_activations, wanted.terms.overage)
    if most is not None and len(row.devices) > most:
        raise Invalid("count_out_of_range", field="devices", least=0, most=most)
    return wanted


def _limit(user: UserRow, terms: Terms | License) -> int | None:
    """Of whom none is said: as many as the license has in all."""
    return terms.max_activations if user.max_activations is None else user.max_activations


def _profile(user: UserRow) -> Profile:
    return Profile(user.first_name, user.last_name, user.phone_number)


def _features(rows: Sequence[FeatureRow]) -> list[Wanted]:
    return [Wanted(row.code, row.expires_at, row.more) for row in rows]


def _bring_up(
    license: License, todo: Difference, row: LicenseRow, actor: Actor, adopt_until: Instant, now: Instant
) -> None:
    """Do what is to be done. Each step is atomic by itself, and what is left out here a repeat of the row finds."""
    company, id = license.company, license.id
    if todo.terms:
        license, _ = change_terms(company, id, todo.terms, actor, now=now)
    if todo.features is not None:
        grant_features(company, id, _features(todo.features), actor, now=now)
    if todo.fields:
        set_fields(company, id, todo.fields, actor, now=now)
    _bring_up_sale(license, todo, row, actor, now)
    for place, user in enumerate(todo.seats):
        most = _limit(user, license)
        assign_user(company, id, user.email, most, actor, profile=_profile(user), tell=False, now=now + place)
    for user in todo.limits:
        set_max_activations(company, id, user.email, user.max_activations, actor, now=now)
    for email in todo.managers:
        add_manager(company, _order_id(license), email, actor, tell=False, now=now)
    if todo.devices:
        add_legacy_devices(company, id, todo.devices, adopt_until, actor, now=now)
    if todo.enabled is not None:
        set_enabled(company, id, todo.enabled, actor, now=now)


def _bring_up_sale(license: License, todo: Difference, row: LicenseRow, actor: Actor, now: Instant) -> None:
    """What is said of who bought it, and of the order."""
    company = license.company
    if todo.customer and (customer := find_customer_by_email(company, row.customer["email"])) is not None:
        change_customer(company, customer.id, todo.customer, actor, now=now)
    if todo.order:
        change_order(company, _order_id(license), actor, details=todo.order, now=now)


def _order_id(license: License) -> str | int:
    """That of the order of a license, whatever it is called by now. Raises `NotFound`: `order_not_found`."""
    order = find_order_of(license)
    if order is None:
        raise NotFound("order_not_found", order=license.order_id or "")
    return order.id if order.number is None else order.number
