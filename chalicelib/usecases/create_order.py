"""Sell an order: each of its licenses in a transaction of its own, and all of it safe to repeat by the order's id.

Each step is done once, under a key that follows from the order and the step's place in it (`usecases.idempotency`): who
comes again with the same order within a day goes on where it was cut short, and is answered what was made before.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from chalicelib.domain import keys
from chalicelib.domain.catalog import MAX_MANAGERS, Order, Product
from chalicelib.domain.customers import wrong_in_profile
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import (
    AlreadyExists,
    Denied,
    Faults,
    Invalid,
    NotFound,
    Rejected,
    raise_all,
    sent_as,
    wrong_in,
)
from chalicelib.domain.events import Actor
from chalicelib.domain.extras import with_extras
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, license_name
from chalicelib.domain.orders import kept_details, wrong_details
from chalicelib.domain.policies import Policy
from chalicelib.domain.source_rows import SourceRow
from chalicelib.domain.terms import TermChanges, Terms
from chalicelib.domain.types import Json
from chalicelib.domain.users import User
from chalicelib.store import orders
from chalicelib.usecases.assign_user import EMPTY_PROFILE, Profile, assign_user, wrong_assignment
from chalicelib.usecases.catalog import find_product
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.customers import change_customer, guard_account
from chalicelib.usecases.find_customer import find_customer_by_email
from chalicelib.usecases.idempotency import Answer, IdempotencyKey, find_performed, perform_once
from chalicelib.usecases.issue_license import guard_names, guard_terms, issue_license
from chalicelib.usecases.license_extras import Wanted, grant_features, new_extras, set_fields
from chalicelib.usecases.order_managers import change_order, find_order, let_join, show_all
from chalicelib.usecases.policies import extras_of

R = TypeVar("R")

MAX_LICENSES = 50
"""Of one call, which has to end within the half minute that a gateway waits."""
MAX_PEOPLE = 50
"""Managers and users, for each may get an account with a password to be hashed."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """Who gets a seat on a license by user, and manages the order where that is said."""

    email: str
    max_activations: int | None
    profile: Profile = EMPTY_PROFILE
    is_manager: bool = False


@dataclass(frozen=True, slots=True)
class NewLicense:
    """A license that is to be made. The order and its customer stand in its terms."""

    product: str
    terms: Terms
    more: TermChanges = field(default_factory=dict)
    """What is no term of a sale: `name`, and `domain.extras.EXTRAS`."""
    features: Sequence[Wanted] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    """Custom fields by name."""
    users: Sequence[NewUser] = ()
    """With a license by key, which has no users, managers alone."""
    policy: Policy | None = None
    """What it is sold by. Its limits and dates stand in the terms; what is said here stands instead of the rest."""
    enabled: bool = True
    """False: nobody may use it before the vendor enables it."""
    refusal: Rejected | None = None
    """Why it cannot be sold any more, such as by a policy that is gone: it may have been, when the order came first."""


@dataclass(frozen=True, slots=True)
class CustomerSaid:
    """What is said of the customer besides the email: the record has it from then on. What is not said stays."""

    email: str
    profile: Mapping[str, str] = field(default_factory=dict)
    """Any of `domain.customers.PROFILE`."""
    account: int | None = None
    """The id of a customer account; None: it is not said."""


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order that is to be made, or with `append` one that may be there."""

    id: str
    licenses: Sequence[NewLicense]
    said: str
    """All that the caller says: another order of the same id is another text."""
    manager: str | None = None
    """An email: of who manages it and need not have a seat."""
    append: bool = False
    details: Json = field(default_factory=dict)
    """What is said of the order, of `domain.orders.DETAILS`; one that is there says so from then on."""
    customer: CustomerSaid | None = None
    """None: nothing is said of the customer, whom the terms of each license name."""
    faults: Sequence[Invalid] = ()
    """What the caller has found wrong with it: said with all else that is."""
    call: str = ""
    """What tells an append from another one that says the same; empty: nothing, they are one."""

    @property
    def managers(self) -> list[str]:
        """Emails of all who are to manage it, each once."""
        named = [user.email for license in self.licenses for user in license.users if user.is_manager]
        return [*dict.fromkeys(([] if self.manager is None else [self.manager]) + named)]


@dataclass(frozen=True, slots=True)
class MadeLicense:
    """What was made."""

    id: int
    license_key: str | None
    order: int | str
    """The number of the order that it was sold in, which may have another id by now, and another order that one; its id
    where it is so old that it has no number.
    """


def create_order(company: str, wanted: NewOrder, actor: Actor, *, now: Instant) -> tuple[Order, Sequence[MadeLicense]]:
    """Make an order with its licenses; answers the licenses in the order in which they were given.

    Nothing is made of what is wrong anywhere. What others take meanwhile (a key, the last seat) ends it where it is,
    and the same order goes on there. Raises `AlreadyExists` where there is another order of this id, and no `append`.
    """
    try:
        steps = _begin(company, wanted, now)
        made = list[MadeLicense]()
        for n, license in enumerate(wanted.licenses):
            with sent_as(f"licenses.{n}.{{}}".format):
                made.append(_sell(steps, made, license, actor))
        _say_besides(steps, made[0], actor)
        for n, email in enumerate(wanted.managers):
            steps.once(f"manager {n}", partial(let_join, company, made[0].order, email, actor, now=now), lambda _: {})
    except Denied as error:
        if error.code == "idempotency_key_reused" and not wanted.append:
            raise _other(wanted) from None
        raise
    order = _order_of(company, wanted, made[0])
    show_all(order)
    return order, made


@dataclass(frozen=True, slots=True)
class _Steps:
    """The steps of an order, each of which is done once."""

    company: str
    order: NewOrder
    now: Instant
    call: str
    """What tells it from another one of this id that says something else; empty: nothing."""

    def are_begun(self) -> bool:
        """Whether the first was done. Raises `Denied`: `idempotency_key_reused`, of another order of this id."""
        return find_performed(self._key("0 issue"), now=self.now) is not None

    def once(self, step: str, change: Callable[[], R], answer: Callable[[R], Answer]) -> Answer:
        """Do a step, unless it was done; the answer of when it was."""
        performed = perform_once(self._key(step), change, answer, now=self.now)
        assert performed.answer is not None  # no older version made orders
        return performed.answer

    def _key(self, step: str) -> IdempotencyKey:
        order = self.order
        return IdempotencyKey(f"order {self.company}", f"{order.id}\n{self.call}\n{step}", order.said)


def _begin(company: str, wanted: NewOrder, now: Instant) -> _Steps:
    """The steps of an order, of which all can be made unless it is begun. Raises `SeatkeeperError`."""
    steps, are_begun = _steps(company, wanted, now)
    if not are_begun:
        try:
            _guard(company, wanted, now)
        except Rejected:  # perhaps for what the same call, made twice at once, has just begun
            if not steps.are_begun():
                raise
    return steps


def _steps(company: str, order: NewOrder, now: Instant) -> tuple[_Steps, bool]:
    """The steps under which an order is made, and whether they are begun.

    Of several orders that have had an id one after the other within a day, each but the first is told by what it says.
    Raises `Denied`: `idempotency_key_reused`, where another one has it.
    """
    first = _Steps(company, order, now, (order.call or order.said) if order.append else "")
    try:
        return first, first.are_begun()
    except Denied:
        later = _Steps(company, order, now, order.said)
        are_begun = later.are_begun()
        if not are_begun and (order.append or orders.read_order(company, order.id) is not None):
            raise
        return later, are_begun


def _sell(steps: _Steps, made: Sequence[MadeLicense], wanted: NewLicense, actor: Actor) -> MadeLicense:
    """The next license, behind those that were made."""
    n = len(made)
    company, now = steps.company, steps.now + n  # ids of one millisecond may be equal
    issued = steps.once(
        f"{n} issue",
        lambda: _issue(steps, made, wanted, actor, now=now),
        lambda issued: _told_of(issued[0], made, steps.order),
    )
    id, key, order = int(issued["id"]), issued["license_key"], issued["order"]
    given: list[tuple[str, object, Callable[[], object]]] = [
        ("terms", wanted.more, lambda: change_terms(company, id, wanted.more, actor, now=now)),
        ("features", wanted.features, lambda: grant_features(company, id, wanted.features, actor, now=now)),
        ("fields", wanted.fields, lambda: set_fields(company, id, wanted.fields, actor, now=now)),
    ]
    for step, what, give in given:
        if what:
            steps.once(f"{n} {step}", give, lambda _: {})
    if key is None:
        for place, user in enumerate(wanted.users):
            steps.once(f"{n} user {place}", partial(_assign, company, id, user, actor, now + place), lambda _: {})
    return MadeLicense(id, key, order)


def _told_of(license: License, made: Sequence[MadeLicense], wanted: NewOrder) -> Answer:
    """What is kept of a license with its sale: where the order is another one by then, the sale is made anew."""
    order = made[0].order if made else license.id
    if wanted.append and not made and (there := orders.read_order(license.company, wanted.id)) is not None:
        order = there.number or there.id
    return {"id": license.id, "license_key": license.license_key, "order": order}


def _issue(
    steps: _Steps, made: Sequence[MadeLicense], wanted: NewLicense, actor: Actor, *, now: Instant
) -> tuple[License, User | None]:
    if wanted.refusal is not None:
        raise wanted.refusal
    company, order = steps.company, steps.order

    def issue(order_id: str) -> tuple[License, User | None]:
        terms, begins = replace(wanted.terms, order_id=order_id), not (made or order.append)
        joins = made[0].order if made else None
        sold: Json = {"policy": wanted.policy, "details": kept_details(order.details), "enabled": wanted.enabled}
        sold |= {"begins": begins, "joins": joins if isinstance(joins, int) else None}
        return issue_license(company, wanted.product, terms, None, actor, **sold, now=now)

    return _in_order(company, order, made[0], issue) if made else issue(order.id)


def _say_besides(steps: _Steps, first: MadeLicense, actor: Actor) -> None:
    """Let the customer's record say what the order says of it, and an order that was there what this one does."""
    company, order, now = steps.company, steps.order, steps.now
    if order.customer is not None:
        steps.once("customer", partial(_say_of_customer, company, order.customer, actor, now), lambda _: {})
    if order.append and order.details:
        change = partial(change_order, company, first.order, actor, details=order.details, now=now)
        steps.once("order", change, lambda _: {})


def _say_of_customer(company: str, said: CustomerSaid, actor: Actor, now: Instant) -> None:
    """The sale has found the customer, or made the record."""
    there = find_customer_by_email(company, said.email)
    if there is not None:  # else the customer was merged into another one at this instant
        change_customer(company, there.id, said.profile, actor, account=said.account, now=now)


def _in_order(company: str, order: NewOrder, first: MadeLicense, change: Callable[[str], R]) -> R:
    """Change something of an order that is begun, also where it has got another name meanwhile."""
    try:
        return change(order.id)
    except NotFound as error:
        if error.code != "order_not_found":
            raise
        return change(_order_of(company, order, first).id)


def _order_of(company: str, wanted: NewOrder, first: MadeLicense) -> Order:
    """The order in which licenses were sold, whatever its name is by now. Another one may have that of then."""
    order = orders.read_order(company, wanted.id)
    return order if order is not None and order.number == first.order else find_order(company, first.order)


def _assign(company: str, license_id: int, user: NewUser, actor: Actor, now: Instant) -> object:
    return assign_user(company, license_id, user.email, user.max_activations, actor, profile=user.profile, now=now)


def _guard(company: str, wanted: NewOrder, now: Instant) -> None:
    """That all of an order can be made, as far as that is known before. Raises `SeatkeeperError`."""
    if not wanted.append and orders.read_order(company, wanted.id) is not None:
        raise _other(wanted)
    faults = Faults([*_wrong(wanted)])
    with faults.of():
        guard_account(company, None if wanted.customer is None else wanted.customer.account)
    with faults.of():
        given = [key for license in wanted.licenses if (key := keys.normalize(license.terms.license_key or ""))]
        if len({*given}) < len(given):
            raise AlreadyExists("already_exists", of="license_key", field="license_key")
    few = wanted.licenses[:MAX_LICENSES]
    for n, license in enumerate(few):
        with faults.of(f"licenses.{n}.{{}}".format):
            guard_license(company, license, now=now)
    faults.raise_all()
    for n, license in enumerate(few):
        with sent_as(f"licenses.{n}.{{}}".format):
            guard_names(company, license.terms, None)


def _wrong(wanted: NewOrder) -> Iterator[Invalid]:
    yield from wanted.faults
    people = len(wanted.managers) + sum(len(license.users) for license in wanted.licenses)
    for name, number, least, most in (
        ("items", len(wanted.licenses), 1, MAX_LICENSES),
        ("people", people, 0, MAX_PEOPLE),
    ):
        if not least <= number <= most:
            yield Invalid("count_out_of_range", field=name, least=least, most=most)
    if len(wanted.managers) > MAX_MANAGERS:
        yield Invalid("too_many_managers", field="people", most=MAX_MANAGERS)
    if wanted.manager is not None:
        yield from wrong_in("customer", known_email, wanted.manager)
    yield from wrong_details(wanted.details)
    if wanted.customer is not None:
        yield from (e.sent_as("customer.{}".format) for e in wrong_in_profile(wanted.customer.profile))


def guard_license(company: str, license: NewLicense, source: SourceRow | None = None, *, now: Instant) -> None:
    """That a license can be made with all that it is to have, as far as that is known before, but for its names
    (`guard_names`). `source`: as in `issue_license`. Raises `SeatkeeperError`.
    """
    if license.refusal is not None:
        raise license.refusal
    product, faults = find_product(company, license.product, now=now), Faults()
    with faults.of():
        guard_terms(license.terms, product, None, source)
    with faults.of():
        with_extras(extras_of(license.policy, product, now=now), license.more)
    with faults.of():
        license_name(license.more.get("name") or "")
    with faults.of():
        new_extras(company, product.code, license.features, license.fields, now=now)
    _guard_users(license, product, faults)
    faults.raise_all()


def _guard_users(license: NewLicense, product: Product, faults: Faults) -> None:
    """That the people of a license can be given what they are to have."""
    most, seats = license.terms.max_license_users, license.users
    if product.authorization_method != "user":
        with faults.of():
            if not all(user.is_manager for user in seats):
                raise Invalid("license_has_no_users", field="users")
            wrong = (e for n, user in enumerate(seats) for e in wrong_in(f"users.{n}.email", known_email, user.email))
            raise_all([*wrong])
        return
    with faults.of():
        if most is not None and len(seats) > most:
            raise Invalid("count_out_of_range", field="users", least=0, most=most)
    for n, user in enumerate(seats):
        with faults.of(f"users.{n}.{{}}".format):
            raise_all([*wrong_assignment(license.terms, user.email, user.max_activations, user.profile)])
    with faults.of(), suppress(Invalid):  # an email that is malformed is found above
        if len({known_email(user.email) for user in seats}) < len(seats):
            raise AlreadyExists("user_already_assigned", field="users")


def _other(wanted: NewOrder) -> AlreadyExists:
    return AlreadyExists("already_exists", of="order_id", field="id", order=wanted.id)
