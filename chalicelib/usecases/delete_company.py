"""A company is deleted with all that is its own: what a trial has left, or a vendor who has gone."""

from collections.abc import Callable

from chalicelib.domain.catalog import company_code
from chalicelib.domain.errors import NotFound
from chalicelib.store import removal


def delete_company(company: str, *, progress: Callable[[int], None] = lambda _items: None) -> int:
    """Remove every item of a company, in all tables; answers how many. Raises `NotFound`: `company_not_found`.

    At once nothing new can be made for it and its sessions are over; next its API keys and log-ins go (a process that
    has just been called with a key believes in it for a minute more). Interrupted, it is finished by the same call.
    The history goes with the rest, and no event says so. `progress` gets the number of items, step by step.
    """
    code = company_code(company)
    if not removal.is_listed(code):
        raise NotFound("company_not_found")
    removal.close_company(code)
    removed = 1
    for step in removal.remove_all(code):
        removed += step
        progress(step)
    removal.unlist_company(code)
    return removed + 1
