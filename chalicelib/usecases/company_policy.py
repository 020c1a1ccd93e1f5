"""What a company asks of those who log in to its portal."""

from dataclasses import replace

from chalicelib.domain.catalog import Company, SecondFactorPolicy
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.store import accounts
from chalicelib.usecases.create import find_company
from chalicelib.usecases.retry import decide_and_write


def require_second_factor(company: str, of: SecondFactorPolicy, actor: Actor, *, now: Instant) -> Company:
    """Set of whom a second factor is asked. Who lacks it then is led to set one up, in sessions that are open, too.

    Doing so again changes nothing. Raises `NotFound`: `company_not_found`.
    """

    def write(old: Company, new: Company) -> None:
        if new != old:
            accounts.update_company(old, new, Event.new("company_changed", actor, now, second_factor=of))

    return decide_and_write(lambda _: find_company(company), lambda old: replace(old, second_factor=of), write)[1]
