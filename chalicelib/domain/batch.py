"""Batches: many people who get seats on one license at once, and what is known of each."""

from dataclasses import dataclass

from chalicelib.domain.instants import Instant

MAX_PEOPLE = 1000
MAX_BYTES = 340_000
"""Of a list as it is kept, in one item: those of DynamoDB end at 400 KB, and why a row is refused
is kept beside it. A thousand usual people are 100 KB."""
DEFAULT_MAX_ACTIVATIONS = 1
MAX_COUNT = 99_999_999
"""Activations of one person: beyond all that a license allows."""


@dataclass(frozen=True, slots=True)
class Row:
    """One person of a list. `problem`: the code of why nothing can be done for the person; empty where it can.

    Lists that were stored by earlier versions have a sentence there.
    """

    number: int
    email: str
    first_name: str = ""
    last_name: str = ""
    phone_number: str = ""
    max_activations: int = DEFAULT_MAX_ACTIVATIONS
    problem: str = ""


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """A batch that is under way. Its reserved seats count as assigned."""

    id: int
    rows: int
    """People for whom seats were reserved."""
    position: int
    """How many of them are done."""
    reserved: int
    """Seats that are still to be given."""
    started_by: str
    started_at: Instant
    invites: bool = False
    """Whether its people are mailed a link to choose a password."""
