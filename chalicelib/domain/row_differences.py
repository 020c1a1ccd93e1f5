"""What a license that is there lacks of what a row of an import says: nothing, once the row was imported."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.adoption import LegacyDevice
from chalicelib.domain.catalog import Order
from chalicelib.domain.custom_fields import field_value
from chalicelib.domain.customers import Customer, kept_text
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import AlreadyExists, Invalid
from chalicelib.domain.extras import Extras, FeatureGrant, FieldValue
from chalicelib.domain.keys import as_given
from chalicelib.domain.license import License, Seat, license_name
from chalicelib.domain.license_rows import FeatureRow, LicenseRow, UserRow
from chalicelib.domain.terms import CHANGEABLE
from chalicelib.domain.types import Json


@dataclass(frozen=True, slots=True)
class Imported:
    """What there is of a row."""

    license: License
    extras: Extras
    customer: Customer | None = None
    """Whom the row's email names by now, where the row says more of the customer than that."""
    order: Order | None = None
    """That of the license, where the row says anything of it."""
    seats: Mapping[str, Seat] = field(default_factory=dict)
    """Those of the row's users, by their emails."""
    managers: frozenset[str] = frozenset()
    """Emails of those of the row's managers who manage the order."""
    devices: frozenset[LegacyDevice] = frozenset()
    """Those of the row that the license knows, whatever has become of them."""
    import_id: int | None = None
    """The file that has brought the row first; None: none has."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What is to be done, so that a license is as its row says."""

    terms: Mapping[str, Any] = field(default_factory=dict)  # as `TermChanges` has them
    features: Sequence[FeatureRow] | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    enabled: bool | None = None
    customer: Mapping[str, str] = field(default_factory=dict)
    order: Json = field(default_factory=dict)
    seats: Sequence[UserRow] = ()
    """Who is to get one."""
    limits: Sequence[UserRow] = ()
    """Whose own limit is another one."""
    managers: Sequence[str] = ()
    devices: Sequence[LegacyDevice] = ()
    """That the license does not know."""

    @property
    def names(self) -> list[str]:
        """What differs, by the names of the row."""
        found = [*self.terms]
        found += ["product_features"] if self.features is not None else []
        found += ["product_custom_fields"] if self.fields else []
        found += ["enabled"] if self.enabled is not None else []
        found += ["customer"] if self.customer else []
        found += ["order"] if self.order else []
        found += ["license_users"] if self.seats or self.limits or self.managers else []
        return found + (["devices"] if self.devices else [])


def difference(row: LicenseRow, there: Imported) -> Difference:
    """What is to be done of a row whose license is there.

    Raises `AlreadyExists` where they differ in what is never changed: the key, the product, the type, the order.
    """
    license, extras = there.license, there.extras
    _guard_same(row, license)
    terms = {name: value for name, value in row.terms.items() if name in CHANGEABLE and value != _term(license, name)}
    terms |= {name: value for name, value in row.more.items() if name != "name" and value != getattr(extras, name)}
    if "name" in row.more and license_name(row.more["name"]) != license.name:
        terms["name"] = row.more["name"]
    seated = [(user, there.seats.get(known_email(user.email))) for user in row.users]
    by_user = license.authorization_method == "user"
    return Difference(
        terms,
        None if row.features is None or _same_features(row.features, extras.features) else row.features,
        dict(_other_fields(row.fields, extras.custom_fields)),
        None if row.enabled in (None, license.enabled) else row.enabled,
        {} if there.customer is None else dict(_other_texts(row.customer, there.customer)),
        {name: said for name, said in row.order.items() if there.order and said != getattr(there.order, name)},
        [user for user, seat in seated if seat is None and by_user],
        [user for user, seat in seated if seat and user.max_activations not in (None, seat.max_activations)],
        [email for user in row.users if user.is_manager and (email := known_email(user.email)) not in there.managers],
        [device for device in row.devices if device not in there.devices],
    )


def _guard_same(row: LicenseRow, license: License) -> None:
    key = None if row.license_key is None else as_given(row.license_key)
    same = {
        "product": row.product == license.product,
        "license_key": key in (None, license.license_key),
        "license_type": row.terms.get("license_type", license.license_type) == license.license_type,
        "order_store_id": row.terms.get("order_id", license.order_id) == license.order_id,
    }
    for name, is_same in same.items():
        if not is_same:
            raise AlreadyExists("already_exists", of="source_row", field=name)


def _term(license: License, name: str) -> Any:  # as `License` has it
    value = getattr(license, name)
    return bool(value) if name == "free_resets" else value


def _same_features(wanted: Sequence[FeatureRow], granted: Sequence[FeatureGrant]) -> bool:
    by_code = {grant.code: grant for grant in granted}
    if {one.code for one in wanted} != by_code.keys():
        return False
    return all(_is_granted(one, by_code[one.code]) for one in wanted)


def _is_granted(wanted: FeatureRow, grant: FeatureGrant) -> bool:
    same_end = wanted.expires_at == grant.expires_at
    return same_end and all(getattr(grant, name) == value for name, value in wanted.more.items())


def _other_fields(wanted: Mapping[str, str], there: Sequence[FieldValue]) -> Iterator[tuple[str, str]]:
    by_name = {one.name: one for one in there}
    for name, text in wanted.items():
        stored, value = by_name.get(name), text
        with suppress(Invalid):  # who sets it says so
            value = text if stored is None else field_value(stored.data_type, text)
        if value != ("" if stored is None else stored.value):
            yield name, text


def _other_texts(wanted: Mapping[str, str], customer: Customer) -> Iterator[tuple[str, str]]:
    for name, text in wanted.items():
        if name != "email" and kept_text(text, len(text)) != getattr(customer, name):
            yield name, text
