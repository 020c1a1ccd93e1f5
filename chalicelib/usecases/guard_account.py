"""Whose account a manager may touch.

An account is the company's: one person may use licenses of several customers. A manager who could set the password of
any of his license users could log in as the user, or the manager, of another customer.
"""

from chalicelib.domain.people import User
from chalicelib.domain.refusal import Refused
from chalicelib.store import orders
from chalicelib.store.accounts import held_license_ids

MAX_MANAGED = 500
"""Licenses that an account manages, above which it is not looked at further: nobody else's to touch."""


def guard_account(manager_id: int, user: User) -> None:
    """Refuse unless the manager manages every license that the user uses or manages. Raises `Refused`.

    What is written by this must be on condition that `user.seats_given` and `user.is_manager` are as they were.
    """
    licenses = set(held_license_ids(user.company, user.id))
    if user.is_manager:
        managed = orders.managed_by(user.company, user.id, limit=MAX_MANAGED + 1)
        if len(managed) > MAX_MANAGED:
            raise Refused("not_your_user")
        licenses |= {sold.license_id for sold in managed}
    if not orders.manages_all(user.company, manager_id, sorted(licenses)):
        raise Refused("not_your_user")
