"""A user chooses a new password."""

from chalicelib.domain.history import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.origin import Origin, network_of
from chalicelib.domain.people import User
from chalicelib.domain.refusal import Refused
from chalicelib.store import accounts, attempts
from chalicelib.store.dynamo import Stale
from chalicelib.usecases.chosen_password import guard_chosen
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.passwords import with_own_password


def change_password(
    company: str, email: str, password: str, new_password: str, actor: Actor, *, known: str = "", now: Instant
) -> User:
    """Replace the password, given the old one; an initial password is gone for good. Raises `Refused`.

    `known`: what has logged in to the account before (`domain.origin.Origin`).
    """
    guard_chosen(new_password, company, email)
    if new_password == password:
        raise Refused("validation_error", "new_password: choose one that differs from the old password.")
    user = log_in(company, email, password, Origin(network_of(actor.ip or ""), known), now=now)
    changed = with_own_password(user, new_password)
    try:
        accounts.change_password(
            user, changed, Event.new("password_changed", actor, now, user=user.email, user_id=user.id)
        )
    except Stale:  # changed by somebody else since the log-in: the old password is the old one no more
        raise Refused("invalid_credentials") from None
    attempts.forgive(company, user.email, now)
    return changed
