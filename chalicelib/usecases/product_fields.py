"""The custom fields of a product: found, defined, changed, deleted."""

from dataclasses import replace

from chalicelib.domain.custom_fields import CHANGEABLE, MAX_FIELDS, CustomField, checked_field
from chalicelib.domain.errors import AlreadyExists, Invalid, NotFound
from chalicelib.domain.events import Actor, Event, before_and_after
from chalicelib.domain.instants import Instant
from chalicelib.store.definitions import FIELDS
from chalicelib.usecases.definitions import (
    Defined,
    Fields,
    change_definition,
    create_definition,
    delete_definition,
    find_definition,
)

_State = Defined[CustomField]


def find_fields(company: str, product: str) -> list[CustomField]:
    """The custom fields of a product by its code, oldest first; none, where there is no such product."""
    return FIELDS.read_all(company, product)


def find_all_fields(company: str) -> list[CustomField]:
    """The custom fields of all products of a company, oldest first."""
    return sorted(FIELDS.read_all(company), key=lambda field: field.id)


def find_field(company: str, field_id: int) -> CustomField:
    """A custom field by its id. Raises `company_not_found`, `field_not_found`."""
    return find_definition(FIELDS, company, field_id, _missing)


def create_field(company: str, product: str, fields: Fields, actor: Actor, *, now: Instant) -> CustomField:
    """Define a custom field. `fields`: of `CustomField`, those that may be changed; `name` is needed.

    Raises `company_not_found`, `unknown_product`, `AlreadyExists` for a name that another has, and `Invalid`: one
    error for each wrong field, or `too_many_fields`.
    """

    def make(state: _State) -> CustomField:
        new = checked_field(CustomField(**state.begun(now), **fields))
        _guard_name(state, new)
        if len(state.definitions) >= MAX_FIELDS:
            raise Invalid("too_many_fields", field="name", most=MAX_FIELDS)
        return new

    def event(new: CustomField) -> Event:
        return Event.new("field_created", actor, now, product=new.product, field=new.name, field_id=new.id)

    return create_definition(FIELDS, company, product, make, event)


def change_field(
    company: str, field_id: int, changes: Fields, actor: Actor, *, revision: int | None = None, now: Instant
) -> CustomField:
    """Change what is given, of `CHANGEABLE`; the values of licenses stay as they are. The same again changes nothing.

    `revision`: the one that is to be changed. Raises as `create_field`, and `field_not_found`, `revision_changed`.
    """
    found = find_field(company, field_id)

    def change(state: _State) -> tuple[CustomField, CustomField]:
        old = state.one(field_id, _missing, revision)
        new = checked_field(replace(old, **changes))
        _guard_name(state, new)
        return old, new

    def event(old: CustomField, new: CustomField) -> Event:
        more = before_and_after(old, new, CHANGEABLE)
        return Event.new("field_changed", actor, now, product=new.product, field=new.name, field_id=new.id, **more)

    return change_definition(FIELDS, found, change, event, now=now)


def delete_field(company: str, field_id: int, actor: Actor, *, revision: int | None = None, now: Instant) -> None:
    """Delete a custom field; licenses keep the values that they have.

    `revision`: as in `change_field`. Raises `company_not_found`, `field_not_found`, `revision_changed`.
    """
    found = find_field(company, field_id)
    delete_definition(
        FIELDS,
        found,
        lambda state: state.one(field_id, _missing, revision),
        lambda old: Event.new("field_deleted", actor, now, product=old.product, field=old.name, field_id=old.id),
    )


def _guard_name(state: _State, field: CustomField) -> None:
    if any(other.name == field.name for other in state.definitions if other.id != field.id):
        raise AlreadyExists("already_exists", of="field", field="name", name=field.name)


def _missing() -> NotFound:
    return NotFound("field_not_found")
