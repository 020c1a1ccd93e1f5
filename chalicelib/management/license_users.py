"""Management API: license users, and the seats that they have on licenses."""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, RootModel, StrictInt, StrictStr, Tag, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.batch import DEFAULT_MAX_ACTIVATIONS
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import NotFound, SeatkeeperError
from chalicelib.domain.license import Seat
from chalicelib.domain.types import Json
from chalicelib.domain.users import MAX_PASSWORD, User, shown_names
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.customers import account_of_customer, sees_customers
from chalicelib.management.license_changes import (
    Flag,
    LicensePath,
    MessageBody,
    RowBody,
    RowError,
    row_error,
    rows_once,
)
from chalicelib.management.license_user_body import (
    LicenseUserBody,
    LicenseUserRow,
    SeatBody,
    ShownLicenseUser,
    seat_body,
    user_body,
)
from chalicelib.management.models import (
    Id,
    ListBody,
    ListQuery,
    Sent,
    few_rows,
    given,
    part_of_filed,
    part_of_list,
    sent_number,
)
from chalicelib.management.reach import its_license, not_of_one_product
from chalicelib.usecases import license_users
from chalicelib.usecases.assign_manager import assign_manager, finish_joining, manages
from chalicelib.usecases.assign_user import Profile
from chalicelib.usecases.assign_user import assign_user as assign_seat
from chalicelib.usecases.bulk import MAX_ROWS, Row, change_each
from chalicelib.usecases.change_seat import (
    remove_user,
    reset_activations,
    set_account_password,
    set_max_activations,
)
from chalicelib.usecases.find_license import find_account, find_account_by_id, find_license
from chalicelib.usecases.idempotency import in_steps

MAX_TEXT = 1024
MAX_LISTED = 50
"""People who are assigned by one call: each may get an account, with a password to be hashed."""

Text = Annotated[StrictStr, Field(max_length=MAX_TEXT)]
Password = Annotated[StrictStr, Field(max_length=MAX_PASSWORD)]


class LicenseUserPath(Sent):
    """Which license user."""

    user_id: Id


class LicenseUsersQuery(ListQuery):
    """Which part of the list: of those to whom all of this applies."""

    license_id: Id | None = None
    """Who has a seat on it."""
    email: Text | None = None
    true_email__iexact: Text | None = None
    """The same, as the public API has it."""


class NewSeat(Sent):
    """POST assign_user."""

    email: Text
    first_name: Text = ""
    """Names and number are kept with the seat, for this license alone."""
    last_name: Text = ""
    phone_number: Text = ""
    is_manager: Flag = False
    """Whether the person manages the order of the license, too."""
    password: Password | None = None
    """The initial one of an account that is made; not given: one is generated."""
    max_activations: StrictInt | None = DEFAULT_MAX_ACTIVATIONS
    """Null: unlimited, where the license is so."""
    total_activations: Literal[0] = 0
    """A new seat has none."""


class TakenSeat(Sent):
    """POST unassign_user: whose, by one of the two."""

    license_user_id: Id | None = None
    license_user_email: Text | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.license_user_id is None) == (self.license_user_email is None):
            raise PydanticCustomError("one_of_two", "name the user by license_user_id or by license_user_email")
        return self


class EmailQuery(Sent):
    """Whose."""

    email: Text


class NewPassword(Sent):
    """POST set_password."""

    password: Password


class ListedUser(Sent):
    """A row of assign_users."""

    email: Text
    is_manager: Flag = False
    """As in `assign_user`."""


class NewSeats(Sent):
    """POST assign_users."""

    emails: Annotated[list[ListedUser], Field(min_length=1, max_length=MAX_LISTED, fail_fast=True)]


class SeatChange(Sent):
    """A row of set_users_activations: what is not given stays."""

    max_activations: StrictInt | None = None
    """Null: unlimited, where the license is so."""
    reset_total_activations: Flag = False
    """Whether the person's devices on this license are deactivated."""


SeatChanges = Annotated[
    dict[Annotated[Id, BeforeValidator(sent_number)], SeatChange],
    Field(min_length=1, max_length=MAX_ROWS),
    BeforeValidator(few_rows),
]


class NamedSeatChanges(Sent):
    """The rows, as an object has them."""

    user_activations: SeatChanges


def _form(given: object) -> str:
    """In which of the two forms rows are sent."""
    return "named" if isinstance(given, dict) and "user_activations" in given else "bare"


class SomeSeatChanges(
    RootModel[
        Annotated[Annotated[NamedSeatChanges, Tag("named")] | Annotated[SeatChanges, Tag("bare")], Discriminator(_form)]
    ]
):
    """By the ids of license users, bare or in an object."""


class UserChange(Sent):
    """PATCH license-users: what is not given stays."""

    first_name: Text | None = None
    last_name: Text | None = None
    phone_number: Text | None = None
    metadata: Json | None = None


class AssignedBody(TypedDict):
    """That a seat was given."""

    message: str
    new_password: str | None
    """The initial password, where the account was made or got a new one: it is answered this once."""


class AssignedRow(TypedDict):
    """What came of one person."""

    email: str
    new_user: bool
    """Whether the call has made the account."""
    password: str | None
    """The initial one, where the account was made or got a new one: it is answered this once."""
    status: Literal["done", "refused"]
    error: RowError | None


class LicenseUsersBody(ListBody):
    """A page of license users."""

    results: list[LicenseUserRow]


@endpoint("POST", "/licenses/{license_id}/assign_user", writes=True, scope="users:write", reach=its_license)
def assign_user(path: LicensePath, body: NewSeat, caller: Caller) -> AssignedBody:
    """Give a person a seat, and an account with an initial password where the company does not know the email yet."""
    _guard_managers([body], caller)
    give_seat = assign_manager if body.is_manager else assign_seat
    profile = Profile(body.first_name, body.last_name, body.phone_number)
    given = (caller.company, path.license_id, body.email, body.max_activations, caller.actor)
    answer = caller.once(
        lambda: give_seat(*given, profile=profile, password=body.password, now=caller.now),
        lambda assigned: AssignedBody(message="License assigned.", new_password=assigned.new_password),
    )
    if body.is_manager and caller.is_replayed:  # whoever gave the answer may have died before all was shown
        finish_joining(caller.company, path.license_id)
    return answer


@endpoint("POST", "/licenses/{license_id}/assign_users", writes=True, scope="users:write", reach=its_license)
def assign_users(path: LicensePath, body: NewSeats, caller: Caller) -> list[AssignedRow]:
    """The same of several, one after the other; who has a seat already keeps it."""

    _guard_managers(body.emails, caller)

    def assign() -> list[AssignedRow]:
        find_license(caller.company, path.license_id)
        with in_steps():
            return [_assigned_row(path.license_id, one, caller) for one in body.emails]

    return caller.once(assign, lambda rows: {"rows": rows})["rows"]


@endpoint("POST", "/licenses/{license_id}/set_users_activations", writes=True, scope="users:write", reach=its_license)
def set_users_activations(path: LicensePath, body: SomeSeatChanges, caller: Caller) -> list[RowBody]:
    """Change how many activations each of these users may have, and take those back that they have."""
    changes = body.root if isinstance(body.root, dict) else body.root.user_activations

    def change(row: tuple[int, SeatChange]) -> None:
        email = _email_of(row[0], caller)
        given = (caller.company, path.license_id, email)
        if "max_activations" in row[1].model_fields_set:
            set_max_activations(*given, row[1].max_activations, caller.actor, now=caller.now)
        if row[1].reset_total_activations:
            reset_activations(*given, caller.actor, now=caller.now)

    def change_all() -> list[Row]:
        find_license(caller.company, path.license_id)
        return change_each([*changes.items()], lambda row: row[0], change)

    return rows_once(change_all, caller)


@endpoint("POST", "/licenses/{license_id}/unassign_user", writes=True, scope="users:write", reach=its_license)
def unassign_user(path: LicensePath, body: TakenSeat, caller: Caller) -> MessageBody:
    """Take a seat away, and deactivate its devices."""

    def take() -> None:
        id, email = body.license_user_id, body.license_user_email or ""
        whose = email if id is None else _email_of(id, caller)
        remove_user(caller.company, path.license_id, whose, caller.actor, revision=caller.if_match, now=caller.now)

    return caller.once(take, lambda _: MessageBody(message="License unassigned."))


@endpoint("GET", "/license-users", writes=False, scope="users:read", reach=its_license)
def list_license_users(query: LicenseUsersQuery, caller: Caller) -> LicenseUsersBody:
    """All license users and managers, or those on a license, or the one of an email."""
    emails = {known_email(email) for email in (query.email, query.true_email__iexact) if email is not None}
    if emails:
        return _of_email(emails, query, caller)
    if query.license_id is not None:
        return _of_license(query.license_id, query, caller)

    def read(after: str | None, limit: int) -> list[User]:
        behind = None if after is None else int(after)
        return [*license_users.all_users(caller.company, after=behind, limit=limit)]

    count = license_users.count_users(caller.company)
    rows, page = part_of_filed(read, query, caller, "license-users", lambda user: str(user.id), count)
    return {**page, "results": [_row(user, None) for user in rows]}


@endpoint("GET", "/license-users/{user_id}", writes=False, scope="users:read")
def show_license_user(path: LicenseUserPath, caller: Caller) -> ShownLicenseUser:
    """One license user."""
    user = find_account_by_id(caller.company, path.user_id)
    held = license_users.licenses_held(caller.company, user.id)
    found = license_users.customer_accounts_of(caller.company, user, held) if sees_customers(caller) else []
    return {
        **user_body(user),
        "total_licenses": len(held),
        "customer_accounts": [account_of_customer(account) for account in found],
    }


@endpoint("PATCH", "/license-users/{user_id}", writes=True, scope="users:write")
def change_license_user(path: LicenseUserPath, body: UserChange, caller: Caller) -> LicenseUserBody:
    """Change names, phone number or metadata of the account; what a customer gives with a seat stays."""
    names = given(body)
    metadata: Json | None = names.pop("metadata", None)
    who = (caller.company, path.user_id, names, caller.actor)
    return caller.once(
        lambda: license_users.change_user(*who, metadata=metadata, revision=caller.if_match, now=caller.now),
        user_body,
    )


@endpoint("POST", "/license-users/{user_id}/set_password", writes=True, scope="users:write")
def set_password(path: LicenseUserPath, body: NewPassword, caller: Caller) -> MessageBody:
    """Set the password; the person has to choose another at the next log-in."""
    return _set_password(lambda: path.user_id, body, caller)


@endpoint("POST", "/license-users/set_password", writes=True, scope="users:write")
def set_password_by_email(query: EmailQuery, body: NewPassword, caller: Caller) -> MessageBody:
    """The same, of the account of an email."""
    return _set_password(lambda: find_account(caller.company, query.email).id, body, caller)


def _email_of(user_id: int, caller: Caller) -> str:
    """Of somebody with a seat. Where there is no account it is answered as where that has no seat."""
    try:
        return find_account_by_id(caller.company, user_id).email
    except NotFound:
        raise NotFound("user_not_found") from None


def _set_password(whose: Callable[[], int], body: NewPassword, caller: Caller) -> MessageBody:
    def change() -> User:
        given = (caller.company, whose(), body.password, caller.actor)
        return set_account_password(*given, revision=caller.if_match, now=caller.now)

    return caller.once(change, lambda _: MessageBody(message="Password set."))


def _of_license(license_id: int, query: LicenseUsersQuery, caller: Caller) -> LicenseUsersBody:
    def read(after: str | None, limit: int) -> list[tuple[Seat, int]]:
        behind = None if after is None else int(after)
        return license_users.seats_of_license(caller.company, license_id, after=behind, limit=limit)

    count = license_users.count_seats(caller.company, license_id)
    rows, page = part_of_filed(read, query, caller, "seats", lambda row: str(row[0].user_id), count)
    users = license_users.users_of_ids(caller.company, [seat.user_id for seat, _ in rows])
    return {
        **page,
        "results": [
            _seat_row(users[seat.user_id], seat, seat_body(seat, license_id, used), caller)
            for seat, used in rows
            if seat.user_id in users
        ],
    }


def _of_email(emails: set[str], query: LicenseUsersQuery, caller: Caller) -> LicenseUsersBody:
    found = license_users.users_of_email(caller.company, *emails) if len(emails) == 1 else []
    rows = [_row(user, None) for user in found]
    if query.license_id is not None:
        seats = [license_users.seat_of(caller.company, query.license_id, user.id) for user in found]
        rows = [
            _seat_row(found[0], seat, seat_body(seat, query.license_id, used), caller)
            for seat, used in filter(None, seats)
        ]
    part, page = part_of_list(rows, query, caller, "license-users", lambda row: row["id"])
    return {**page, "results": [*part]}


def _guard_managers(people: Sequence[NewSeat | ListedUser], caller: Caller) -> None:
    """That the key may add managers, where any are named: of an order, which may be of several products."""
    if any(one.is_manager for one in people):
        caller.key.guard_scope("orders:write")
        if caller.key.products:
            raise not_of_one_product()


def _assigned_row(license_id: int, one: ListedUser, caller: Caller) -> AssignedRow:
    row: AssignedRow = {"email": one.email, "new_user": False, "password": None, "status": "done", "error": None}
    given = (caller.company, license_id, one.email, DEFAULT_MAX_ACTIVATIONS, caller.actor)
    give_seat = assign_manager if one.is_manager else assign_seat
    try:
        assigned = give_seat(*given, now=caller.now)
    except SeatkeeperError as error:
        is_done = error.code == "user_already_assigned" and (not one.is_manager or manages(*given[:3]))
        return row if is_done else {**row, "status": "refused", "error": row_error(error)}
    is_new = assigned.user.created_at == caller.now
    return {**row, "new_user": is_new, "password": assigned.new_password}


def _row(user: User, seat: SeatBody | None) -> LicenseUserRow:
    return {**user_body(user), "seat": seat}


def _seat_row(user: User, seat: Seat, body: SeatBody, caller: Caller) -> LicenseUserRow:
    """With a seat. What the person says of himself, and the vendor of the person, a key that is limited to products is
    not shown: it gives anybody a seat, and would be told the names and the number behind any email.
    """
    row = _row(user, body)
    if caller.key.products:
        row["last_login"], row["metadata"] = None, {}
        row["first_name"], row["last_name"], row["phone_number"] = shown_names(seat, user)
    return row
