"""To whom a vendor sells: customers, the labels that are put on them, and the accounts that several of them belong to.

A customer is named by an email wherever something was sold: a license and an order say that, and the record says the
rest. It keeps the emails that the customer had before, or that another one had who was merged into it: whoever sells
to one of those sells to this customer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from chalicelib.domain.errors import Invalid, at_field, wrong_in
from chalicelib.domain.instants import Instant
from chalicelib.domain.metadata import guard_metadata
from chalicelib.domain.pasted import composed
from chalicelib.domain.types import Json

MAX_LABELS, MAX_LABELS_OF_CUSTOMER = 100, 20
"""Of a company, and on one customer: all of them are read whole."""
MAX_FORMER = 20
"""Emails that a customer had before: they go with it, in one transaction."""
PROFILE: Mapping[str, int] = {
    "first_name": 100,
    "last_name": 100,
    "company_name": 200,
    "phone": 40,
    "reference": 200,
    "address": 300,
    "postcode": 40,
    "city": 100,
    "country": 100,
    "state": 100,
}
"""The texts that are kept of a customer, each with the characters that it may have."""
OF_ACCOUNT: Mapping[str, int] = {
    "name": 200,
    "code": 100,
    "description": 300,
    "phone": 40,
    "address": 300,
    "reference": 200,
}
"""The same of a customer account."""
MAX_LABEL = 100


@dataclass(frozen=True, slots=True)
class Customer:
    """Who buys, under one email."""

    company: str
    id: int
    email: str
    created_at: Instant
    first_name: str = ""
    last_name: str = ""
    company_name: str = ""
    phone: str = ""
    reference: str = ""
    """The vendor's own name for the customer, in a CRM for one."""
    address: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""
    state: str = ""
    account: int | None = None
    """The customer account. One that was deleted counts as none."""
    labels: dict[str, int] = field(default_factory=dict)
    """The labels on the customer, by their ids, each with the id of its being there. One that was deleted is none."""
    metadata: Json = field(default_factory=dict)
    former_emails: frozenset[str] = frozenset()
    """Those that the customer had before, or that customers had who were merged into this one."""
    moving: frozenset[str] = frozenset()
    """Those of them under which licenses may still stand, which are to be moved to the email of now."""
    merged: frozenset[int] = frozenset()
    """The ids of the customers who were merged into this one."""
    import_id: int | None = None
    """The file that has made the record, by the id of what has come of that; None: none has."""
    bought_as: str = ""
    """The email by which passwords are kept apart (`domain.access`), where it is not that of now."""
    revision: int = field(default=0, compare=False)
    """How often it was changed."""

    @property
    def full_name(self) -> str:
        """First and last name; empty where neither is known."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class Sales:
    """What was sold under an email: beside the customer, for each sale moves it, and a customer may be large."""

    customer: int
    """The id of the customer."""
    licenses: int = 0
    """How many of the customer there are. 0: of a former email."""
    orders: int = 0
    is_former: bool = False
    """Whether the customer has another email now."""
    bought_as: str = ""
    """As the customer says."""


@dataclass(frozen=True, slots=True)
class CustomerLabel:
    """A word that a vendor puts on customers."""

    company: str
    id: int
    label: str
    color: str
    """`#rrggbb`, or empty."""
    created_at: Instant
    revision: int = field(default=0, compare=False)
    """How often it was changed."""


@dataclass(frozen=True, slots=True)
class CustomerAccount:
    """What several customers belong to, such as a group of companies."""

    company: str
    id: int
    name: str
    created_at: Instant
    code: str = ""
    description: str = ""
    phone: str = ""
    address: str = ""
    email: str = ""
    reference: str = ""
    """The vendor's own name for it."""
    revision: int = field(default=0, compare=False)
    """How often it was changed."""


def profile_of(given: Mapping[str, str], known: Mapping[str, int] = PROFILE) -> Json:
    """Texts as they are kept, by their fields. Raises `Invalid` at the first that is wrong."""
    found: Json = {}
    for name, text in given.items():
        with at_field(name):
            found[name] = kept_text(text, known[name])
    return found


def wrong_in_profile(given: Mapping[str, str], known: Mapping[str, int] = PROFILE) -> Iterator[Invalid]:
    """What is wrong with texts, by their fields."""
    for name, text in given.items():
        yield from wrong_in(name, partial(kept_text, most=known[name]), text)


def wrong_metadata(metadata: Json | None) -> Iterator[Invalid]:
    """What is wrong with it; None: nothing is given."""
    return wrong_in("metadata", guard_metadata, metadata or {})


def kept_text(text: str, most: int) -> str:
    """A text as it is kept: without white space around it, lines of an address apart. Raises `Invalid`."""
    kept = text.strip()
    if len(kept) > most:
        raise Invalid("text_too_long", most=most)
    if not kept.replace("\n", "").isprintable():
        raise Invalid("text_not_printable")
    return composed(kept)


def label_text(text: str) -> str:
    """The word of a label. Raises `Invalid`."""
    kept = composed(text.strip())
    if not 1 <= len(kept) <= MAX_LABEL:
        raise Invalid("name_length", field="label", most=MAX_LABEL)
    if not kept.isprintable():
        raise Invalid("text_not_printable", field="label")
    return kept
