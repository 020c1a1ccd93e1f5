"""Whose account a manager may touch.

An account is the company's: one person may use licenses of several customers. A manager who could set the password of
any of his license users could log in as the user, or the manager, of another customer.
"""

from dataclasses import dataclass

from chalicelib.domain.access import MAX_SCOPE, buyer
from chalicelib.domain.errors import Forbidden, Invalid
from chalicelib.domain.permissions import Permission
from chalicelib.domain.users import User
from chalicelib.store import licenses, orders
from chalicelib.store.accounts import buyers_of_held

MAX_MANAGED = 500
"""Licenses that an account manages, above which it is not looked at further: nobody else's to touch."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """The licenses that an account uses and manages, by id, with whose they are (`domain.access.buyer`)."""

    used: dict[int, str]
    managed: dict[int, str]

    @property
    def buyers(self) -> frozenset[str]:
        """Everybody whose licenses they are. Raises `Invalid` where they are too many for one password to name."""
        found = frozenset((*self.used.values(), *self.managed.values()))
        if len(found) > MAX_SCOPE:
            raise Invalid("account_of_too_many_customers", most=MAX_SCOPE)
        return found

    def opened(self, user: User) -> set[int]:
        """The licenses that the account's password opens. What it manages, it always opens."""
        if user.email_verified or user.password_scope is None:
            return set(self.used) | set(self.managed)
        return {id for id, whose in self.used.items() if whose in user.password_scope} | set(self.managed)

    def opened_buyers(self, user: User) -> frozenset[str]:
        """Whose licenses these are."""
        opened = self.opened(user)
        return frozenset(whose for id, whose in (self.used | self.managed).items() if id in opened)


def read_holdings(user: User, *, limit: int | None = None) -> Holdings:
    """What an account has; `limit`: managed licenses that are read at most. Consistent, two reads.

    One more for each hundred seats whose links are of an older process, and do not say whose the license is.
    What is written by this must be on condition that `user.access_revision` and `user.is_manager` are as they were.
    """
    held = buyers_of_held(user.company, user.id)
    of_before = licenses.read_some(user.company, [id for id, whose in held.items() if whose is None])
    used = {id: whose for id, whose in held.items() if whose} | {license.id: buyer(license) for license in of_before}
    managed = orders.read_managed_licenses(user.company, user.id, limit=limit) if user.is_manager else iter(())
    return Holdings(used, {sold.license_id: buyer(sold) for sold in managed})


def guard_account(manager_id: int, user: User) -> None:
    """Refuse unless the manager may change emails on every license that the user uses or manages.

    Raises `SeatkeeperError`.
    """
    held = _few_managed(user)
    _guard_may(manager_id, user, set(held.used) | set(held.managed), "change_emails")


def guard_password(manager_id: int, user: User) -> Holdings:
    """Refuse unless the manager may set passwords on every license that the account's opens; answers what it has.

    A seat that somebody else has given and that the password does not open takes no rights from anybody.
    """
    held = _few_managed(user)
    _guard_may(manager_id, user, held.opened(user), "set_passwords")
    return held


def guard_initial_password(manager_id: int, user: User) -> None:
    """Refuse the initial password to whom `guard_password` refuses, and to whom it is not for.

    It opens a customer's license at once when the customer gives the seat again that he has taken: until then only
    who manages something of each customer that it is for may see it.
    """
    opened = guard_password(manager_id, user).opened_buyers(user)
    others = (user.password_scope or frozenset()) - opened
    if not others:
        return
    for sold in orders.read_managed_licenses(user.company, manager_id):  # until all are found, and no further
        others -= {buyer(sold)}
        if not others:
            return
    raise Forbidden("not_your_user")


def _few_managed(user: User) -> Holdings:
    held = read_holdings(user, limit=MAX_MANAGED + 1)
    if len(held.managed) > MAX_MANAGED:
        raise Forbidden("not_your_user")
    return held


def _guard_may(manager_id: int, user: User, license_ids: set[int], permission: Permission) -> None:
    denied = orders.denied_on_any(user.company, manager_id, sorted(license_ids))
    if denied is None:
        raise Forbidden("not_your_user")
    if permission in denied:
        raise Forbidden("not_allowed_by_vendor")
