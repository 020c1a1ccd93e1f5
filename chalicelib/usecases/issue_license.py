"""Issue a license."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from itertools import count
from typing import Any

from chalicelib.domain import keys
from chalicelib.domain.access import MAX_SCOPE, buyer
from chalicelib.domain.catalog import LicenseSummary, Order, Product, with_manager
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import AlreadyExists, Invalid, NotFound, Unavailable, at_field, raise_all, wrong_in
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.extras import Extras
from chalicelib.domain.ids import new_id, new_initial_password
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.mail import Mail
from chalicelib.domain.permissions import Permission
from chalicelib.domain.policies import Policy, with_policy_terms
from chalicelib.domain.products import with_product_terms
from chalicelib.domain.source_rows import SourceRow
from chalicelib.domain.terms import Terms, counted_terms, ends_twice, order_id, wrong_counts, wrong_dates
from chalicelib.domain.types import Json
from chalicelib.domain.users import User, guard_open
from chalicelib.store import accounts, licenses, orders
from chalicelib.store.customers import Buyer, NewBuyer
from chalicelib.store.database import back_off
from chalicelib.usecases.account_access import read_holdings
from chalicelib.usecases.assign_user import NO_MORE, NewAccount
from chalicelib.usecases.buyers import find_buyer
from chalicelib.usecases.catalog import find_product
from chalicelib.usecases.create import find_company
from chalicelib.usecases.customer_moves import move_order
from chalicelib.usecases.initial_password import new_user, with_initial_password
from chalicelib.usecases.meters import counted_before
from chalicelib.usecases.notices import manager_notice
from chalicelib.usecases.policies import extras_of
from chalicelib.usecases.retry import decide_and_write


@dataclass(frozen=True, slots=True)
class _State:
    """The license to be issued, and what it comes to, as that stands."""

    license: License
    old: Order | None
    manager: User | None
    known: User | None
    """The manager's account as it is stored."""
    sold_to: Buyer | NewBuyer | None


def terms_of(
    company: str,
    product: str,
    given: Mapping[str, Any],  # each as `Terms` has it
    policy: Policy | None = None,
    *,
    now: Instant,
) -> Terms:
    """The terms of an issue, by the fields of `Terms`: those that are given, and for the others those of the policy, or
    without one the product's.

    Raises `company_not_found`, `unknown_product`, and what else `find_product` does.
    """
    sold = find_product(find_company(company).code, product, now=now)
    if policy is not None:
        return Terms(**with_policy_terms(policy, given, now=now))
    return Terms(**with_product_terms(sold, given))


def issue_license(
    company: str,
    product: str,
    terms: Terms,
    manager: str | None,
    actor: Actor,
    *,
    denied: frozenset[Permission] | None = None,
    source: SourceRow | None = None,
    policy: Policy | None = None,
    carried: Extras | None = None,
    begins: bool = False,
    joins: int | None = None,
    details: Json | None = None,
    name: str | None = None,
    enabled: bool = True,
    total: int = 0,
    now: Instant,
) -> tuple[License, User | None]:
    """Issue a license; answers it, and its order's manager. Raises `Invalid` for terms that contradict each other.

    `policy`: what it is sold by, of this product. Its features, fields, metadata, note and maintenance are copied to
    the license; its limits and dates stand in `terms` (`terms_of`). Raises as `extras_of` does, which without a policy
    is the product's maintenance. `carried`: what it has of these instead.

    A manager who has no account yet gets one, with an initial password; so does one whose account others have made.
    `denied`: what the managers of a new order may not do with its licenses. Raises `AlreadyExists` where an order that
    is there denies them other things: `order_managers.change_order` changes that.
    `source`: the row of another system that it comes from. Its key is taken as it is there, and a license of the row
    is made once: raises `AlreadyExists` where it is there.
    `begins`: whether the order is to be a new one. Raises `AlreadyExists` where there is one of this id. `joins`:
    the number of the one that is there. Raises `NotFound`: `order_not_found` where it has not this name any more.
    `details`: what is said of an order that is new (`domain.orders.kept_details`); one that is there stays as it is.
    `name`: what its managers call it at first; `enabled`: False where nobody may use it before the vendor enables it.
    `total`: how often it was used in this period before, where its uses are counted.
    """
    sold = find_product(find_company(company).code, product, now=now)
    guard_terms(terms, sold, manager, source)
    extras = extras_of(policy, sold, now=now) if carried is None else carried
    draws = count()

    def read(_: bool) -> _State:
        if draw := next(draws):  # others have come to the same order or manager meanwhile, or an id was taken
            back_off(draw)
            find_company(sold.company)  # or the company was deleted
        sold_to = _customer(sold.company, terms.customer, new_id(now + draw), actor, source, now)
        license = _license(sold, terms, sold_to, new_id(now + draw), source, now)  # ids of one millisecond may be equal
        guard_names(license.company, terms, source)  # a key that we have made is drawn again
        old = _order(license, sold_to, actor, now)
        license = replace(license, bought_as=_bought_as(old, sold_to), name=name, **_usable(enabled))
        return _State(license, old, *manager_of(license, license.company, manager, now), sold_to)

    def write(state: _State, order: Order) -> None:
        who: Json = {} if state.manager is None else {"user": state.manager.email, "user_id": state.manager.id}
        event = Event.new("license_issued", actor, now, product=sold.code, **_told(denied, policy), **who)
        joined, mail = _joining(state, actor, who, now)
        store = partial(licenses.issue, joined=joined, mail=mail, sold_to=state.sold_to, source=source, extras=extras)
        counted = counted_before(state.license, total, actor, now)
        store(state.license, state.old, order, state.manager, state.known, event, counted=counted)

    join = partial(_joined, denied=denied, details=details or {}, source=source, begins=begins, joins=joins)
    state, order = decide_and_write(read, join, write, result=lambda state, _: (state.license, state.manager))
    _show_older(order)
    return state.license, state.manager


def _show_older(order: Order) -> None:
    """Show who has joined an order what was sold in it before."""
    if order.pending_managers:
        with suppress(Unavailable):  # it is issued; who joins is shown the older ones with the order's next license
            orders.backfill_managers(order)


def _usable(enabled: bool) -> Json:
    """Whether a license may be used from the beginning."""
    return {"enabled": enabled, "disabled_by": None if enabled else "vendor"}


def _joining(state: _State, actor: Actor, who: Json, now: Instant) -> tuple[Event | None, Mail | None]:
    """The event of a manager who comes to an order that is there, and the mail to one who comes to any."""
    if state.manager is None or (state.old is not None and state.manager.id in state.old.managers):
        return None, None
    joined = None if state.old is None else Event.new("manager_added", actor, now, order=state.old.id, **who)
    return joined, manager_notice(state.manager, state.license, state.license.company, actor)


def _told(denied: frozenset[Permission] | None, policy: Policy | None) -> Json:
    """What the event says of how it was sold."""
    restricted: Json = {"denied": " ".join(sorted(denied))} if denied else {}
    return restricted | ({} if policy is None else {"policy": policy.code, "policy_version": policy.version})


def guard_names(company: str, terms: Terms, source: SourceRow | None) -> None:
    """That no license comes from this row, or has the key that is given. Raises `AlreadyExists`."""
    if source is not None and accounts.find_made_of_row(company, source) is not None:
        raise AlreadyExists("already_exists", of="source_row")
    guard_key(company, terms.license_key or "", source)


def guard_key(company: str, given: str, source: SourceRow | None = None) -> None:
    """That no license has this key: in any of its forms, one of another system as it is; an empty one is none. Raises
    `AlreadyExists`.
    """
    forms = keys.forms(given) if source is None else [keys.as_given(given)]
    if any(accounts.find_license_id_by_key(company, key) is not None for key in forms if key):
        raise AlreadyExists("already_exists", of="license_key", field="license_key")


def _joined(
    state: _State,
    denied: frozenset[Permission] | None,
    details: Json,
    source: SourceRow | None,
    *,
    begins: bool,
    joins: int | None,
) -> Order:
    """The order with this license and manager. Who comes to an order that was there is shown all that it holds."""
    license, old, manager = state.license, state.old, state.manager
    customer = license.customer or ""
    if joins is not None and (old is None or old.number != joins):
        raise NotFound("order_not_found", order=license.order_id)
    if old is None:
        managers = frozenset[int]() if manager is None else frozenset({manager.id})
        first = Order(
            license.company,
            license.order_id or "",
            customer,
            managers,
            number=license.id,
            customer_id=license.customer_id,
            import_id=_import_id(source),
        )
        return replace(first, denied=denied or frozenset(), bought_as=license.bought_as or "", **details)
    if begins:
        raise AlreadyExists("already_exists", of="order_id", field="id", order=old.id)
    if old.customer != customer:
        raise AlreadyExists("already_exists", of="order", field="order_id", order=old.id)
    if denied not in (None, old.denied):
        raise AlreadyExists("already_exists", of="order_permissions", field="deny", order=old.id)
    return old if manager is None else with_manager(old, manager.id)


def _import_id(source: SourceRow | None) -> int | None:
    return None if source is None else source.import_id


def _order(license: License, sold_to: Buyer | NewBuyer | None, actor: Actor, now: Instant) -> Order | None:
    """The order, as it is. One of a former email of the customer is moved to that of now."""
    company, id = license.company, license.order_id or ""
    order = orders.read_order(company, id)
    if order is not None and isinstance(sold_to, Buyer) and order.customer != sold_to.email:
        move_order(company, sold_to.sales.customer, id, actor, now=now)
        return orders.read_order(company, id)
    return order


def _bought_as(old: Order | None, sold_to: Buyer | NewBuyer | None) -> str | None:
    """By which email passwords are kept apart: as in the rest of the order."""
    if old is not None:
        return old.bought_as or None
    return sold_to.sales.bought_as or None if isinstance(sold_to, Buyer) else None


def _license(
    product: Product,
    terms: Terms,
    sold_to: Buyer | NewBuyer | None,
    license_id: int,
    source: SourceRow | None,
    now: Instant,
) -> License:
    key = None
    if product.authorization_method == "license-key":
        key = _license_key(terms.license_key, source) if terms.license_key else keys.new_license_key()
    said = {term.name: getattr(terms, term.name) for term in fields(Terms)}
    written = counted_terms(terms.license_type, said) | {
        "license_key": key,
        "free_resets": terms.free_resets or None,
        "order_id": terms.order_id or f"order-{license_id}",
        "customer": sold_to and sold_to.email,
        "customer_id": sold_to and sold_to.id,
    }
    return License(
        company=product.company,
        id=license_id,
        product=product.code,
        authorization_method=product.authorization_method,
        created_at=now,
        **written,
    )


def guard_terms(terms: Terms, product: Product, manager: str | None, source: SourceRow | None = None) -> None:
    """Raises `Invalid`, with one error for each field that is wrong."""
    managed = () if manager is None else wrong_in("manager", known_email, manager)
    twice = ends_twice(terms.validity_period, terms.valid_duration)
    names = _wrong_names(terms, product, source)
    raise_all([*twice, *wrong_dates(terms), *wrong_counts(terms), *names, *managed])


def _wrong_names(terms: Terms, product: Product, source: SourceRow | None) -> Iterator[Invalid]:
    by_user = product.authorization_method == "user"
    if by_user and terms.license_key is not None:
        yield Invalid("product_has_no_keys", field="license_key")
    if not by_user and terms.max_license_users is not None:
        yield Invalid("product_has_no_users", field="max_license_users")
    if terms.license_key and not by_user:
        yield from wrong_in("license_key", lambda key: _license_key(key, source), terms.license_key)
    if terms.order_id is not None:
        yield from wrong_in("order_id", order_id, terms.order_id)
    if terms.customer is not None:
        yield from wrong_in("customer", known_email, terms.customer)


def _license_key(text: str, source: SourceRow | None) -> str:
    key = keys.normalize(text) if source is None else keys.as_given(text)
    if not (1 <= len(key) <= keys.MAX_LENGTH and key.isprintable()) or (source is None and keys.is_mistyped(key)):
        raise Invalid("license_key_malformed", field="license_key", most=keys.MAX_LENGTH)
    return key


def _customer(
    company: str, named: str | None, new_id: int, actor: Actor, source: SourceRow | None, now: Instant
) -> Buyer | NewBuyer | None:
    if named is None:
        return None
    with at_field("customer"):
        return find_buyer(company, named, new_id, actor, import_id=_import_id(source), now=now)


def manager_of(
    license: License | LicenseSummary,
    company: str,
    email: str | None,
    now: Instant,
    new: NewAccount = NO_MORE,
) -> tuple[User | None, User | None]:
    """Who will manage the order of a license, and the account as it is known; `new`: what is said of one that is made.

    Raises as `account_of_manager`, and `Invalid`: `validation_error`.
    """
    if email is None:
        return None, None
    address = known_email(email)
    user_id = accounts.user_of_email(company, address)
    known = None if user_id is None else accounts.read_user(company, user_id)
    return account_of_manager(known, license, company, address, new, now=now), known


def account_of_manager(
    known: User | None,
    license: License | LicenseSummary,
    company: str,
    address: str,
    new: NewAccount = NO_MORE,
    *,
    keep_password: bool = False,
    now: Instant,
) -> User:
    """The account of this email as one has it that comes to manage the order of a license: `known`, or a new one.

    An account that somebody else has made, and may know the password of, gets a new initial password: who assigns a
    person to his own license must not come to manage what the person buys later. So does a manager of another
    customer, and who manages nothing any more: others could set the password since. An order that names no customer
    is its manager's own. `keep_password`: refuse instead what would give an account another password.
    Raises `Forbidden`: `account_closed`, `Invalid`: `password_known_to_others`.
    """
    whose = buyer(license)
    if known is None:
        made = new_user(company, address, frozenset({whose}), new.password, now=now)
        return replace(made, is_manager=True, **asdict(new.profile), metadata=new.metadata)
    guard_open(known)
    if known.email_verified:
        return known
    held = read_holdings(known, limit=None if known.password_scope is None else 1)  # else: whether it manages any
    scope = held.buyers if known.password_scope is None else known.password_scope
    if held.managed and (not license.customer or whose in scope):
        kept = scope | {whose} if len(scope) < MAX_SCOPE else scope
        return replace(known, password_scope=kept)
    if keep_password:
        raise Invalid("password_known_to_others", field="is_manager")
    return with_initial_password(known, new_initial_password(), read_holdings(known).buyers | {whose})
