"""Management API: labels, and which of them is on which customer."""

from typing import Annotated

from pydantic import Field, StrictStr
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.customers import CustomerLabel
from chalicelib.domain.instants import to_iso
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.models import Id, ListBody, ListQuery, Sent, part_of_list
from chalicelib.usecases import customer_labels, customers
from chalicelib.usecases.customers import Labeling
from chalicelib.web.freshness import Date

MAX_TEXT = 1024

Text = Annotated[StrictStr, Field(max_length=MAX_TEXT)]


class LabelPath(Sent):
    """Which label."""

    label_id: Id


class LabelingPath(Sent):
    """Which label on which customer."""

    labeling_id: Id


class NewLabel(Sent):
    """POST clabels."""

    label: Text
    color: Text = ""
    """`#rrggbb`; empty: none."""


class LabelChange(Sent):
    """PATCH clabels: what is not given stays."""

    label: Text | None = None
    color: Text | None = None


class NewLabeling(Sent):
    """POST customerclabels."""

    customer: Id
    customer_label: Id


class LabelBody(TypedDict):
    """A label."""

    id: int
    label: str
    color: str
    created_at: Date
    revision: int


class LabelList(ListBody):
    """A page of labels, oldest first."""

    results: list[LabelBody]


class LabelingBody(TypedDict):
    """A label on a customer."""

    id: int
    """By which it is taken off."""
    customer: int
    customer_label: int


@endpoint("GET", "/clabels", writes=False, scope="customers:read")
def list_customer_labels(query: ListQuery, caller: Caller) -> LabelList:
    """The labels of the company, oldest first."""
    found = customer_labels.find_customer_labels(caller.company)
    rows, page = part_of_list(found, query, caller, "clabels", lambda row: row.id)
    return {**page, "results": [label_body(row) for row in rows]}


@endpoint("POST", "/clabels", writes=True, scope="customers:write")
def create_customer_label(body: NewLabel, caller: Caller) -> LabelBody:
    """Make a label."""
    return caller.once(
        lambda: customer_labels.create_customer_label(
            caller.company, body.label, body.color, caller.actor, now=caller.now
        ),
        label_body,
    )


@endpoint("GET", "/clabels/{label_id}", writes=False, scope="customers:read")
def show_customer_label(path: LabelPath, caller: Caller) -> LabelBody:
    """One label."""
    return label_body(customer_labels.find_customer_label(caller.company, path.label_id))


@endpoint("PATCH", "/clabels/{label_id}", writes=True, scope="customers:write")
def change_customer_label(path: LabelPath, body: LabelChange, caller: Caller) -> LabelBody:
    """Change what is given; the rest stays."""
    return caller.once(
        lambda: customer_labels.change_customer_label(
            caller.company,
            path.label_id,
            caller.actor,
            label=body.label,
            color=body.color,
            revision=caller.if_match,
            now=caller.now,
        ),
        label_body,
    )


@endpoint("DELETE", "/clabels/{label_id}", writes=True, scope="customers:write")
def delete_customer_label(path: LabelPath, caller: Caller) -> None:
    """Take a label away, from all customers."""
    caller.once(
        lambda: customer_labels.delete_customer_label(
            caller.company, path.label_id, caller.actor, revision=caller.if_match, now=caller.now
        ),
        lambda _: {},
    )


@endpoint("POST", "/customerclabels", writes=True, scope="customers:write", status=201)
def add_customer_label(body: NewLabeling, caller: Caller) -> LabelingBody:
    """Put a label on a customer; one that is there stays."""
    return caller.once(
        lambda: customers.add_label(caller.company, body.customer, body.customer_label, caller.actor, now=caller.now),
        labeling_body,
    )


@endpoint("DELETE", "/customerclabels/{labeling_id}", writes=True, scope="customers:write")
def remove_customer_label(path: LabelingPath, caller: Caller) -> None:
    """Take a label off a customer."""
    caller.once(
        lambda: customers.remove_label(caller.company, path.labeling_id, caller.actor, now=caller.now), lambda _: {}
    )


def label_body(label: CustomerLabel) -> LabelBody:
    """A label as it is answered."""
    return {
        "id": label.id,
        "label": label.label,
        "color": label.color,
        "created_at": to_iso(label.created_at),
        "revision": label.revision,
    }


def labeling_body(labeling: Labeling) -> LabelingBody:
    """A label on a customer, as it is answered."""
    return {"id": labeling.id, "customer": labeling.customer, "customer_label": labeling.label}
