"""The values of custom fields, one by one: each is named by its license and by the field that its product defines.

They stand with all else that a license carries (`domain.extras`), so its revision is theirs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from chalicelib.domain.custom_fields import field_value
from chalicelib.domain.errors import AlreadyExists, Invalid, NotFound, at_field
from chalicelib.domain.events import Actor
from chalicelib.domain.extras import FieldValue
from chalicelib.domain.ids import new_id
from chalicelib.domain.instants import Instant
from chalicelib.store import license_lists, licenses
from chalicelib.usecases.change_terms import Sold, change_terms, find_sold
from chalicelib.usecases.product_fields import find_fields

CHUNK = 50
"""Licenses that are read at once: one round trip."""
MOST = 800
"""Licenses that one part of a list looks at, at most."""


@dataclass(frozen=True, slots=True)
class LicenseField:
    """What a license says in a custom field."""

    license_id: int
    revision: int
    """That of the license."""
    value: FieldValue

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in lists: its license, and the id of the product's field."""
        return self.license_id, self.value.field_id


def find_value(company: str, license_id: int, field_id: int) -> LicenseField:
    """Raises `NotFound`: `license_not_found`, `field_not_found` where the license says nothing there."""
    return of_license(find_sold(company, license_id), field_id)


def list_values(
    company: str,
    license_id: int | None,
    after: tuple[int, int],
    limit: int,
    *,
    products: frozenset[str] = frozenset(),
) -> tuple[list[LicenseField], tuple[int, int] | None]:
    """At most `limit` values of a license, or of all, behind the place `after`, and the place to go on behind.
    `products`: of all that are of these; empty: of any.

    By license, and of each by the ids of its product's fields. There may be fewer, or none, and more behind them: few
    licenses say something, and only so many are looked at. Raises `NotFound`: `license_not_found`.
    """
    ids = [license_id] if license_id is not None else _ids_from(company, after[0], products)
    if license_id is not None:
        find_sold(company, license_id)
    found: list[LicenseField] = []
    for start in range(0, len(ids), CHUNK):
        for sold in licenses.read_some_with_extras(company, ids[start : start + CHUNK]):
            for value in _values(sold):
                if value.place <= after:
                    continue
                if len(found) == limit:
                    return found, found[-1].place
                found.append(value)
    return found, (ids[-1] + 1, 0) if license_id is None and len(ids) == MOST else None


def create_value(company: str, license_id: int, field_id: int, text: str, actor: Actor, *, now: Instant) -> Sold:
    """Say something in a custom field in which a license says nothing yet; answers the license.

    Raises `Invalid`: `field_unknown` for a field that its product does not define, and for a value that is not of its
    type; `AlreadyExists` where it says something; and as `change_terms`.
    """
    product = find_sold(company, license_id)[0].product
    defined = next((one for one in find_fields(company, product) if one.id == field_id), None)
    if defined is None:
        raise Invalid("field_unknown", field="product_custom_field", name=str(field_id))
    with at_field("value"):
        value = FieldValue(new_id(now), field_id, defined.name, defined.data_type, field_value(defined.data_type, text))

    def changes(sold: Sold) -> dict[str, object]:
        said = sold[1].custom_fields
        if any(one.field_id == field_id for one in said):
            raise AlreadyExists("already_exists", of="field_value", field="product_custom_field")
        return {"custom_fields": (*said, value)}

    return change_terms(company, license_id, changes, actor, now=now)


def change_value(
    company: str,
    license_id: int,
    field_id: int,
    text: str,
    actor: Actor,
    *,
    revision: int | None = None,
    now: Instant,
) -> Sold:
    """Say something else in it; also where the product defines it no more. Raises as `find_value`, and `Invalid`."""

    def changed(value: FieldValue) -> list[FieldValue]:
        with at_field("value"):
            return [replace(value, value=field_value(value.data_type, text))]

    return _change(company, license_id, field_id, changed, actor, revision, now)


def delete_value(
    company: str, license_id: int, field_id: int, actor: Actor, *, revision: int | None = None, now: Instant
) -> Sold:
    """Say nothing in it. Raises as `find_value`, and `revision_changed`."""
    return _change(company, license_id, field_id, lambda _: [], actor, revision, now)


def _change(
    company: str,
    license_id: int,
    field_id: int,
    changed: Callable[[FieldValue], list[FieldValue]],
    actor: Actor,
    revision: int | None,
    now: Instant,
) -> Sold:
    def changes(sold: Sold) -> dict[str, object]:
        old = of_license(sold, field_id).value
        rows = ([one] if one != old else changed(old) for one in sold[1].custom_fields)
        return {"custom_fields": tuple(one for row in rows for one in row)}

    return change_terms(company, license_id, changes, actor, revision=revision, now=now)


def of_license(sold: Sold, field_id: int) -> LicenseField:
    """What a license says in a field. Raises `NotFound`: `field_not_found`."""
    found = next((value for value in _values(sold) if value.value.field_id == field_id), None)
    if found is None:
        raise NotFound("field_not_found")
    return found


def _values(sold: Sold) -> Iterator[LicenseField]:
    license, extras = sold
    for value in sorted(extras.custom_fields, key=lambda one: one.field_id):
        yield LicenseField(license.id, license.revision, value)


def _ids_from(company: str, license_id: int, products: frozenset[str]) -> list[int]:
    of_codes = partial(license_lists.ids_of_products, company, products)
    ids_behind = of_codes if products else license_lists.of_company(company).ids
    return list(ids_behind(license_id - 1 if license_id else None, MOST))
