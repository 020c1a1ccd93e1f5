"""Management API: who manages an order. The accounts are the whole company's, so no key that is limited to products
adds a manager: the answer would tell the names and number of whoever has the email.
"""

from typing import Annotated

from pydantic import Field, RootModel
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.catalog import MAX_MANAGERS
from chalicelib.domain.errors import sent_as
from chalicelib.domain.instants import Instant
from chalicelib.domain.types import Json
from chalicelib.domain.users import User
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.license_changes import Text
from chalicelib.management.license_users import Password
from chalicelib.management.models import Id, Sent
from chalicelib.management.orders import OrderPath
from chalicelib.usecases.assign_user import NewAccount, Profile
from chalicelib.usecases.find_license import find_account_by_id
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.order_managers import add_manager, find_managers, find_numbered_order, remove_manager


class NewManager(Sent):
    """Who is to manage an order. What is said besides the email is of an account that is made."""

    email: Text
    password: Password | None = None
    """The initial one; null: one is generated."""
    first_name: Text = ""
    last_name: Text = ""
    phone_number: Text = ""
    metadata: Json = Field(default={})

    def account(self) -> NewAccount:
        """What is said of it."""
        profile = Profile(self.first_name, self.last_name, self.phone_number)
        return NewAccount(self.password, profile, self.metadata)


class NewManagers(RootModel[Annotated[list[NewManager], Field(min_length=1, max_length=MAX_MANAGERS, fail_fast=True)]]):
    """POST add_managers."""


class RemovedManager(Sent):
    """POST remove_manager."""

    license_user_id: Id


class ManagerBody(TypedDict):
    """A manager of an order."""

    id: int
    true_email: str
    first_name: str
    last_name: str
    phone_number: str
    is_initial_password: bool
    initial_password: None
    """It is answered when it is made, and then no more."""


class AddedManagerBody(ManagerBody):
    """A manager who was added."""

    new_user: bool
    """Whether the call has made the account."""
    password: str | None
    """The initial one of a new account, shown this once; it is mailed, too."""


class DetailBody(TypedDict):
    """That it is done, in a word."""

    detail: str


@endpoint("GET", "/orders/{order_id}/managers", writes=False, scope="orders:read")
def list_managers(path: OrderPath, caller: Caller) -> list[ManagerBody]:
    """Who manages an order, by their ids."""
    order = find_numbered_order(caller.company, path.order_id)
    return [manager_body(user) for user in find_managers(order)]


@endpoint("POST", "/orders/{order_id}/add_manager", writes=True, scope="orders:write")
def add_one_manager(path: OrderPath, body: NewManager, caller: Caller) -> AddedManagerBody:
    """Let a person manage an order with all that was sold in it; one who does already stays."""

    def add() -> User:
        return add_manager(caller.company, path.order_id, body.email, caller.actor, new=body.account(), now=caller.now)

    return caller.once(add, lambda user: added_body(user, caller.now))


@endpoint("POST", "/orders/{order_id}/add_managers", writes=True, scope="orders:write")
def add_managers(path: OrderPath, body: NewManagers, caller: Caller) -> list[AddedManagerBody]:
    """The same of several, one after the other."""

    def add() -> list[User]:
        added = list[User]()
        for place, manager in enumerate(body.root):
            with sent_as(f"{place}.{{}}".format):
                who = (caller.company, path.order_id, manager.email, caller.actor)
                added.append(add_manager(*who, new=manager.account(), now=caller.now))
        return added

    return caller.once(add, lambda users: {"rows": [added_body(user, caller.now) for user in users]})["rows"]


@endpoint("POST", "/orders/{order_id}/remove_manager", writes=True, scope="orders:write")
def remove_one_manager(path: OrderPath, body: RemovedManager, caller: Caller) -> DetailBody:
    """Take a manager off an order: he sees and touches nothing of it any more."""

    def remove() -> None:
        email = find_account_by_id(caller.company, body.license_user_id).email
        remove_manager(caller.company, path.order_id, email, caller.actor, now=caller.now)

    return caller.once(remove, lambda _: DetailBody(detail="removed"))


def manager_body(user: User) -> ManagerBody:
    """A manager as lists have him."""
    return {
        "id": user.id,
        "true_email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "phone_number": user.phone_number,
        "is_initial_password": user.is_initial_password,
        "initial_password": None,
    }


def added_body(user: User, now: Instant) -> AddedManagerBody:
    """A manager who is added now. Of an account that was there no password is told."""
    is_new = user.created_at == now
    return {**manager_body(user), "new_user": is_new, "password": initial_password(user) if is_new else None}
