"""The labels that a company puts on its customers."""

from dataclasses import replace

from chalicelib.domain.catalog import Company
from chalicelib.domain.color import accent_color
from chalicelib.domain.customers import MAX_LABELS, CustomerLabel, label_text
from chalicelib.domain.errors import Invalid, NotFound, raise_all, wrong_in
from chalicelib.domain.events import Actor, Event, EventType
from chalicelib.domain.ids import new_id
from chalicelib.domain.instants import Instant
from chalicelib.store import company_objects
from chalicelib.usecases.create import find_company
from chalicelib.usecases.retry import decide_and_write
from chalicelib.usecases.revisions import guard_revision, revised


def find_customer_labels(company: str) -> list[CustomerLabel]:
    """The labels of a company, oldest first. Raises `company_not_found`."""
    return list(company_objects.read_all(CustomerLabel, find_company(company).code))


def find_customer_label(company: str, label_id: int, revision: int | None = None) -> CustomerLabel:
    """Raises `company_not_found`, `customer_label_not_found`, `revision_changed`."""
    found = company_objects.read(CustomerLabel, find_company(company).code, label_id)
    if found is None:
        raise NotFound("customer_label_not_found")
    guard_revision(found, revision)
    return found


def create_customer_label(company: str, label: str, color: str, actor: Actor, *, now: Instant) -> CustomerLabel:
    """A new label; `color`: `#rrggbb`, or empty. A company may come to have a few more than `MAX_LABELS` by calls at
    once, which harms nobody. Raises `company_not_found`, `Invalid`.
    """
    owner = find_company(company).code
    raise_all([*wrong_in("label", label_text, label), *wrong_in("color", accent_color, color)])
    if len(list(company_objects.read_all(CustomerLabel, owner))) >= MAX_LABELS:
        raise Invalid("too_many_labels", field="label", most=MAX_LABELS)

    def read(again: bool) -> Company | None:
        return find_company(owner) if again else None  # or it was deleted

    def decide(_: Company | None) -> CustomerLabel:  # another's id is drawn again
        return CustomerLabel(owner, new_id(now), label_text(label), accent_color(color), now)

    def write(_: Company | None, new: CustomerLabel) -> None:
        company_objects.create(new, _event("customer_label_created", new, actor, now))

    return decide_and_write(read, decide, write, result=lambda _, new: new)[1]


def change_customer_label(
    company: str,
    label_id: int,
    actor: Actor,
    *,
    label: str | None = None,
    color: str | None = None,
    revision: int | None = None,
    now: Instant,
) -> CustomerLabel:
    """Change what is given; None leaves it. Raises as `create_customer_label` and `find_customer_label`."""
    wrong_label = [] if label is None else wrong_in("label", label_text, label)
    wrong_color = [] if color is None else wrong_in("color", accent_color, color)
    raise_all([*wrong_label, *wrong_color])

    def change(old: CustomerLabel) -> CustomerLabel:
        return replace(
            old,
            label=old.label if label is None else label_text(label),
            color=old.color if color is None else accent_color(color),
        )

    def write(old: CustomerLabel, new: CustomerLabel) -> None:
        if new != old:
            company_objects.update(old, new, _event("customer_label_changed", new, actor, now))

    find = lambda _: find_customer_label(company, label_id, revision)  # noqa: E731 - short and local
    return revised(*decide_and_write(find, change, write, result=revised))


def delete_customer_label(
    company: str, label_id: int, actor: Actor, *, revision: int | None = None, now: Instant
) -> None:
    """Take a label away: from now on it is on no customer. Raises as `find_customer_label`."""

    def write(old: CustomerLabel, _: object) -> None:
        company_objects.delete(old, _event("customer_label_deleted", old, actor, now))

    find = lambda _: find_customer_label(company, label_id, revision)  # noqa: E731 - short and local
    decide_and_write(find, lambda found: found, write, result=lambda *_: None)


def _event(type: EventType, label: CustomerLabel, actor: Actor, now: Instant) -> Event:
    return Event.new(type, actor, now, label=label.label, label_id=label.id)
