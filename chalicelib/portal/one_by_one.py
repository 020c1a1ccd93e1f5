"""What one form does with several people: with each by itself, once, and it is said what came of each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from chalicelib.domain.email import display_email
from chalicelib.domain.errors import SeatkeeperError, Unavailable
from chalicelib.languages import gettext
from chalicelib.portal.error_pages import BUSY
from chalicelib.portal.handlers import idempotency_key
from chalicelib.portal.messages import error_message
from chalicelib.portal.request import PortalRequest
from chalicelib.usecases.idempotency import perform_once
from chalicelib.usecases.portal_queries import Principal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one person. `why` nothing was changed; empty where it was."""

    email: str
    why: str


def change_one(
    request: PortalRequest, principal: Principal, name: object, email: str, change: Callable[[], object]
) -> Outcome:
    """Make the change that a form is to make of one person, under a key of the form's and of that person's `name`."""
    form_key, why = idempotency_key(request, principal.claims), ""
    assert form_key is not None, "only a form with a token is carried out"
    key = replace(form_key, key=f"{form_key.key}-{name}")
    try:
        perform_once(key, change, lambda _: {}, now=request.now)
    except Unavailable:
        why = gettext(BUSY)
    except SeatkeeperError as error:
        why = error_message(error)
    return Outcome(display_email(email), why)


def changed(outcomes: Iterable[Outcome]) -> int:
    """How many were changed."""
    return sum(not outcome.why for outcome in outcomes)


def with_refusals(words: str, outcomes: Iterable[Outcome], *more: str) -> str:
    """What is said of all, a line for each who was not changed, and what is said `more`, if anything."""
    refused = [f"{outcome.email}: {outcome.why}" for outcome in outcomes if outcome.why]
    return "\n".join([words, *refused, *filter(None, more)])
