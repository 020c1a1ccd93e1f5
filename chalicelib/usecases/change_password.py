"""A user chooses a new password."""

from contextlib import suppress
from dataclasses import replace
from functools import partial

from chalicelib.domain.errors import Invalid, Unavailable
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.origin import Origin, network_of
from chalicelib.domain.pasted import composed, visible
from chalicelib.domain.users import User
from chalicelib.store import accounts
from chalicelib.store.database import ConditionFailed
from chalicelib.usecases.chosen_password import guard_chosen
from chalicelib.usecases.idempotency import stored_with_result
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.notices import own_password_notice
from chalicelib.usecases.passwords import with_own_password

_ROUNDS = 3


def change_password(
    company: str, email: str, password: str, new_password: str, actor: Actor, *, known: str = "", now: Instant
) -> User:
    """Replace the password, given the old one; an initial password is gone for good; the owner is mailed.

    Raises `SeatkeeperError`, `Unavailable`.

    `known`: what has logged in to the account before (`domain.origin.Origin`).
    """
    guard_chosen(new_password, company, email)
    if composed(visible(new_password)) == composed(visible(password)):
        raise Invalid("password_as_before", field="new_password")
    for _ in range(_ROUNDS):
        user = log_in(company, email, password, Origin(network_of(actor.ip or ""), known), now=now)
        changed = with_own_password(user, new_password)
        event = Event.new("password_changed", actor, now, user=user.email, user_id=user.id)
        # A condition fails where it was changed since the log-in, or hashed anew by another one: the next log-in tells.
        with suppress(ConditionFailed), stored_with_result(partial(replace, changed)):
            accounts.change_password(user, changed, event, mail=own_password_notice(user))
            return changed
    raise Unavailable("too_many_rivals")
