"""What becomes of an account that is there already when somebody gives it a seat.

A password that its owner has not proved goes from one customer to another by no seat: somebody at the first one may
know it, or have made the account only to know it. What is left to a seat of another customer:

* the password opens nothing that the account has: it gets a new initial password, and all sessions are over;
* the giver manages all that the password opens: it opens this, too, for he could set it anyway;
* else the seat is given, and waits: the password does not open it, until a mailed code or an operator sets another.
  Nobody loses a password by what a stranger does.
"""

from dataclasses import replace

from chalicelib.domain.access import MAX_SCOPE, buyer
from chalicelib.domain.ids import new_initial_password
from chalicelib.domain.license import License
from chalicelib.domain.users import User
from chalicelib.store import orders
from chalicelib.usecases.account_access import MAX_MANAGED, read_holdings
from chalicelib.usecases.initial_password import with_initial_password


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
    if few and manager_id is not None and orders.manages_all(user.company, manager_id, sorted(opened)):
        return replace(user, password_scope=scope | {whose})
    return user
