"""What a shop says of an order besides what is sold in it. It is kept, and answered as it is: nothing here reads it."""

from collections.abc import Iterator, Mapping

from chalicelib.domain.customers import profile_of, wrong_in_profile, wrong_metadata
from chalicelib.domain.errors import Invalid, raise_all
from chalicelib.domain.types import Json

TEXTS: Mapping[str, int] = {
    "order_type": 40,
    "reference": 200,
    "language": 40,
    "campaign_params": 1000,
    "download_id": 200,
}
"""The texts that are kept of an order, each with the characters that it may have."""
DETAILS = (*TEXTS, "is_test", "is_trial", "created", "metadata")
"""All of it: fields of `Order`."""


def wrong_details(given: Json) -> Iterator[Invalid]:
    """What is wrong with some of `DETAILS`, by their names."""
    yield from wrong_in_profile({name: given[name] for name in given.keys() & TEXTS.keys()}, TEXTS)
    yield from wrong_metadata(given.get("metadata"))


def kept_details(given: Json) -> Json:
    """Some of `DETAILS` as they are kept. Raises `Invalid`, with one error for each that is wrong."""
    raise_all([*wrong_details(given)])
    return given | profile_of({name: given[name] for name in given.keys() & TEXTS.keys()}, TEXTS)
