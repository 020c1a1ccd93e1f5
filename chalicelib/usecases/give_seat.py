"""What becomes of an account when somebody gives it a seat; it is made where there is none.

A password that its owner has not proved goes from one customer to another by no seat: somebody at the first one may
know it, or have made the account only to know it. What is left to a seat of another customer:

* the password opens nothing that the account has: it gets a new initial password, and all sessions are over;
* the giver may set passwords on all that this one opens: it opens this, too, for he could set it anyway;
* else the seat is given, and waits: the password does not open it, until a mailed code or an operator sets another.
  Nobody loses a password by what a stranger does.
"""

from dataclasses import replace

from chalicelib.domain.access import MAX_SCOPE, buyer
from chalicelib.domain.ids import new_initial_password
from chalicelib.domain.instants import Instant
from chalicelib.domain.invitation import with_invitation
from chalicelib.domain.license import License
from chalicelib.domain.users import User
from chalicelib.store import orders
from chalicelib.usecases.account_access import MAX_MANAGED, read_holdings
from chalicelib.usecases.initial_password import new_user, with_initial_password


def account_of_seat(
    user: User | None,
    license: License,
    address: str,
    manager_id: int | None,
    secret: str,
    password: str | None = None,
    *,
    now: Instant,
) -> User | None:
    """The account of this email as a seat leaves it: `user`, or a new one, invited by `secret` where there is one.

    None: it is closed. `password`: as in `new_user`.
    """
    if user is not None and user.closed_at is not None:
        return None
    if user is None:
        given = new_user(license.company, address, frozenset({buyer(license)}), password, now=now)
    else:
        given = with_seat(user, license, manager_id)
    return with_invitation(given, secret, now)


def with_seat(user: User, license: License, manager_id: int | None) -> User:
    """The account as a seat on this license, given by this manager or by an operator (None), leaves it.

    What differs must be written on condition that password, `access_revision` and `is_manager` are as they were.
    """
    whose, scope = buyer(license), user.password_scope
    if user.email_verified or (scope is not None and whose in scope):
        return user
    held = read_holdings(user, limit=MAX_MANAGED + 1)
    if scope is None:  # of before there were scopes: by then it opened all
        scope = held.buyers
        user = replace(user, password_scope=scope or None)
    if whose in scope:
        return user
    opened = held.opened(user) if scope else set()
    if not opened:
        return with_initial_password(user, new_initial_password(), frozenset({whose}))
    few = len(held.managed) <= MAX_MANAGED and len(scope) < MAX_SCOPE
    if few and manager_id is not None:
        denied = orders.denied_on_any(user.company, manager_id, sorted(opened))
        if denied is not None and "set_passwords" not in denied:
            return replace(user, password_scope=scope | {whose})
    return user
