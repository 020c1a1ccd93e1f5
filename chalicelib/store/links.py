"""Names and summaries in a company's partition, held against what they lead to: for the audit.

Each is written in the transaction that makes what it leads to, so at no instant do the two differ; but for what is
shown to managers who join or leave an order, which follows in steps. All are read once, a
hundred at a time; what does not fit is read again, all of it at one instant, before it is reported.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from chalicelib.domain.access import buyer
from chalicelib.domain.catalog import LicenseSummary
from chalicelib.domain.faults import FaultCode
from chalicelib.domain.license import hash_host_name
from chalicelib.store import reads
from chalicelib.store.due import adoption_entry, notice_entry, transition_entries
from chalicelib.store.expressions import Condition
from chalicelib.store.items.accounts import DeletedLicenseItem, OrderItem, UserItem
from chalicelib.store.items.customers import CustomerItem, SalesItem
from chalicelib.store.items.kinds import KINDS
from chalicelib.store.items.licenses import DeviceItem, LicenseItem, SeatItem
from chalicelib.store.items.links import LicenseSummaryItem, LookupItem
from chalicelib.store.items.work import DueItem, ScheduledUpdateItem, UpdateSlotItem
from chalicelib.store.keys import (
    CUSTOMER_LICENSE,
    HARDWARE_LICENSE,
    HOST_LICENSE,
    LICENSE,
    MANAGER_LICENSE,
    ORDER_LICENSE,
    PRODUCT_LICENSE,
    USER_LICENSE,
    company_license_sort_key,
    customer_email_sort_key,
    customer_sort_key,
    deleted_license_sort_key,
    device_id_sort_key,
    device_prefix,
    device_sort_key,
    due_pk,
    email_sort_key,
    license_key_sort_key,
    license_pk,
    order_license_sort_key,
    order_sort_key,
    scheduled_update_sort_key,
    seat_sort_key,
    update_slot_sort_key,
    user_sort_key,
)
from chalicelib.store.orders import summary_of
from chalicelib.store.reads import Unreadable
from chalicelib.store.repairs import Repair
from chalicelib.store.scheduled_updates import due_entry
from chalicelib.store.schema import AnyItem
from chalicelib.store.seats import held_item, same_buyer

_AT_ONCE = 25
"""Each leads to three items at the most, and a read has a hundred."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a name or summary, and the license that it is about, if it is about one."""

    license_id: int | None
    code: FaultCode
    params: Mapping[str, str | int] = field(default_factory=dict, hash=False)
    repair: Repair | None = field(default=None, compare=False)
    """What mends it, where what is stored says so beyond doubt."""


_Read = AnyItem | Unreadable
"""An item that was read, or that cannot be."""
_Found = tuple[FaultCode, dict[str, str | int]]
"""The code of what is wrong, with its parameters."""


@dataclass(frozen=True, slots=True)
class _Kind:
    item: type[AnyItem]
    # Those below take items of this kind, and of those that it leads to.
    leads_to: Callable[[Any], list[AnyItem]]
    """The items that it is held against."""
    fault: Callable[..., _Found | None]
    """What is wrong with it, given it and those; None: nothing."""
    of_license: bool = True
    """Whether its key ends with a license."""
    orphan: Callable[[Any], tuple[AnyItem, Condition]] | None = None  # as above
    """The item without which it goes, and how that stands then. None: it stays, whatever is wrong. A name keeps what it
    names from being given to somebody else, and a summary may be the last that is known of a license."""
    anew: Mapping[FaultCode, Callable[..., Repair]] = field(default_factory=dict)
    """By what is wrong, what lets it say what it should, given it and what it leads to."""


def faults(company: str) -> Iterator[tuple[int, list[Fault]]]:
    """Walk all names and summaries of a company: of each few, how many they are and what is wrong. Consistent."""
    links = ((kind, link) for prefix, kind in AUDITED.items() for link in _links(kind, company, prefix))
    for few in _compared(links):
        yield len(few), [fault for _, fault in few if fault is not None]


def misfiled(shard: int, company: str | None = None) -> Iterator[tuple[str, Fault | None]]:
    """Walk what is due in a shard, of a company or of all: the company of each, and what is wrong with it. Consistent.

    Of the licenses of other companies nothing is read but that they are due.
    """
    kind = _Kind(DueItem, _due_targets, _due_fault)
    due = ((kind, link) for link in _links(kind, due_pk(shard)) if company in (None, _owner(link)))
    for few in _compared(due):
        for link, fault in few:
            yield _owner(link), fault


def _compared(links: Iterator[tuple[_Kind, _Read]]) -> Iterator[list[tuple[_Read, Fault | None]]]:
    """Links, a few at a time, each with what is wrong with it."""
    while few := list(islice(links, _AT_ONCE)):
        wanted = [(kind, link, _targets(kind, link)) for kind, link in few]
        read = iter(reads.batch_get_each([item for *_, items in wanted for item in items], consistent=True))
        seen = [(kind, link, [next(read) for _ in items]) for kind, link, items in wanted]
        doubted = [(kind, link, _wrong(kind, link, found) is not None) for kind, link, found in seen]
        yield [(link, _confirmed(kind, link) if in_doubt else None) for kind, link, in_doubt in doubted]


def _owner(due: _Read) -> str:
    """The company of what is due: its key says so, whatever is lost of it."""
    return str(due.sort_key.split("#")[1])


def _links(kind: _Kind, pk: str, prefix: str = "") -> Iterator[_Read]:
    """The items of a kind in a partition."""
    return (reads.readable(kind.item.from_raw_data, raw) for raw in reads.query_raw(kind.item, pk, prefix))


def _confirmed(kind: _Kind, link: _Read) -> Fault | None:
    """What is wrong with it at one instant: links come and go while they are counted."""
    asked = [kind.item(link.pk, link.sort_key), *_targets(kind, link)]
    raws = zip(asked, reads.transact_get(asked), strict=True)
    there, *found = [None if raw is None else reads.readable(type(item).from_raw_data, raw) for item, raw in raws]
    wrong = None if there is None else _wrong(kind, there, found)
    if wrong is None:
        return None
    anew = kind.anew.get(wrong[0])
    repair = _removal(kind, link) if anew is None else anew(there, *found)
    return Fault(_license_id(link) if kind.of_license else None, *wrong, repair)


def _removal(kind: _Kind, link: _Read) -> Repair | None:
    """What removes a link, on condition that it is an orphan; None for one of which that cannot be said."""
    if kind.orphan is None or isinstance(link, Unreadable):
        return None
    try:
        return Repair(link, *kind.orphan(link), removes=True)
    except (TypeError, ValueError):
        return None


def _targets(kind: _Kind, link: _Read) -> list[AnyItem]:
    """What a link is held against: nothing, where it cannot be read itself."""
    try:
        return [] if isinstance(link, Unreadable) else kind.leads_to(link)
    except (TypeError, ValueError):
        return []


def _wrong(kind: _Kind, link: _Read, found: Sequence[_Read | None]) -> _Found | None:
    """What is wrong with it, given what it leads to; what cannot be read keeps no other from being looked at."""
    if (unreadable := next((one for one in (link, *found) if isinstance(one, Unreadable)), None)) is not None:
        return "item_unreadable", {"item": unreadable.sort_key}
    try:
        return kind.fault(link, *found)
    except (TypeError, ValueError) as error:
        return "link_not_comparable", {"error": type(error).__name__}


# --- what each has to be ------------------------------------------------------------------------------------------


def _customer_fault(link: LookupItem, license: LicenseItem | None) -> _Found | None:
    right = license is not None and license.customer == _between(link) and license.product == link.product
    return None if right else ("customer_link_wrong", {})


def _record_fault(record: CustomerItem, sales: SalesItem | None) -> _Found | None:
    id = int(record.sort_key.rpartition("#")[2])
    if sales is None or sales.customer != id or sales.is_former:
        return "customer_without_email_link", {"customer": id}
    moving = record.moving or frozenset()
    return ("customer_moving", {"customer": id, "email": ", ".join(sorted(moving))}) if moving else None


def _customer_email_fault(sales: SalesItem, record: CustomerItem | None) -> _Found | None:
    email = sales.sort_key.removeprefix(customer_email_sort_key())
    known = set[str]() if record is None else (record.former_emails or set()) if sales.is_former else {record.email}
    return None if email in known else ("customer_email_wrong", {"email": email})


def _email_fault(link: LookupItem, user: UserItem | None) -> _Found | None:
    right = user is not None and user.email == link.sort_key.removeprefix(email_sort_key())
    return None if right else ("email_link_wrong", {"user": link.target_id})


def _hardware_fault(link: LookupItem, device: DeviceItem | None) -> _Found | None:
    right = device is not None and link.target_id in (None, _seen(link)[1])
    return None if right else ("hardware_link_wrong", {})


def _host_fault(link: LookupItem, device: DeviceItem | None) -> _Found | None:
    right = device is not None and hash_host_name(device.hostname or "") == link.sort_key.split("#")[1]
    return None if right else ("host_link_wrong", {})


def _device_id_fault(link: LookupItem, device: DeviceItem | None) -> _Found | None:
    right = device is not None and device.id == _id_of(link)
    return None if right else ("device_id_link_wrong", {"device": _id_of(link)})


def _held_fault(
    link: LookupItem, license: LicenseItem | None, seat: SeatItem | None, user: UserItem | None
) -> _Found | None:
    who = int(_between(link))
    if license is None or seat is None:
        return "user_link_without_seat", {"user": who}
    if link.product != license.product:
        return "user_link_of_other_product", {"user": who}
    if link.buyer not in (None, buyer(license.to_domain())):
        return "user_link_of_other_customer", {"user": who}
    return None if user is not None and user.email == seat.email else ("seat_of_other_email", {"user": who})


def _key_fault(link: LookupItem, license: LicenseItem | None, deleted: DeletedLicenseItem | None) -> _Found | None:
    if link.until is not None and (license or deleted):  # it was replaced, and nobody else gets it
        return None
    keys = {whose.to_domain().license_key for whose in (license, deleted) if whose is not None}
    right = link.sort_key.removeprefix(license_key_sort_key()) in keys  # a deleted one's, too: nobody gets it again
    return None if right else ("key_link_wrong", {})


def _managed_fault(
    link: LicenseSummaryItem, license: LicenseItem | None, order: OrderItem | None, user: UserItem | None
) -> _Found | None:
    who = int(_between(link))
    if order is None or who not in (order.managers or ()):
        return "manager_link_without_order", {"user": who}
    if user is None or not user.is_manager:
        return "manager_link_without_account", {"user": who}
    return _summary_fault(link, license)


def _ordered_fault(link: LicenseSummaryItem, license: LicenseItem | None, listed: LookupItem | None) -> _Found | None:
    if license is not None and listed is None:
        return "not_listed", {}
    if license is not None and order_license_sort_key(license.order_id or "", license.id) != link.sort_key:
        return "listed_under_other_order", {}
    return _summary_fault(link, license)


def _summary_fault(link: LicenseSummaryItem, license: LicenseItem | None) -> _Found | None:
    if license is None:
        return "listed_license_gone", {}
    same = replace(_sold(link), denied=frozenset()) == summary_of(license.to_domain())
    return None if same else ("listed_otherwise", {})


def _product_fault(link: LookupItem, license: LicenseItem | None) -> _Found | None:
    return None if license is not None and license.product == _between(link) else ("product_link_wrong", {})


def _user_fault(user: UserItem, link: LookupItem | None) -> _Found | None:
    right = link is not None and user.sort_key == user_sort_key(link.target_id)
    return None if right else ("user_without_email_link", {"user": user.sort_key.rpartition("#")[2]})


def _due_fault(due: DueItem, license: LicenseItem | None, update: ScheduledUpdateItem | None = None) -> _Found | None:
    if license is None:
        return "due_license_gone", {}
    if due.update_id is not None:
        is_then = update is not None and update.status == "pending" and update.at == due.validity_period
        possible = [due_entry(update.to_domain())] if update is not None and is_then else []
    else:
        dated = license.to_domain()
        entries = (*transition_entries(dated), notice_entry(dated), adoption_entry(dated))
        possible = [entry for entry in entries if entry is not None]
    right = [(entry.pk, entry.sort_key) for entry in possible]
    return None if (due.pk, due.sort_key) in right else ("due_otherwise", {})


def _update_fault(
    update: ScheduledUpdateItem, license: LicenseItem | None, slot: UpdateSlotItem | None, due: DueItem | None
) -> _Found | None:
    is_filed = slot is not None and slot.update_id == update.id and (due is not None) == (update.status == "pending")
    return None if license is not None and is_filed else ("update_not_filed", {"update": update.id})


def _due_targets(due: DueItem) -> list[AnyItem]:
    license = LicenseItem(license_pk(due.company, due.id), LICENSE)
    if due.update_id is None:
        return [license]
    return [license, ScheduledUpdateItem(due.company, scheduled_update_sort_key(due.update_id))]


def _update_targets(update: ScheduledUpdateItem) -> list[AnyItem]:
    pk = license_pk(update.company, update.license)
    slot = UpdateSlotItem(pk, update_slot_sort_key(update.slot))
    return [LicenseItem(pk, LICENSE), slot, due_entry(update.to_domain())]


def _license(link: AnyItem) -> LicenseItem:
    return LicenseItem(license_pk(link.pk, _license_id(link)), LICENSE)


def _deleted(link: AnyItem) -> DeletedLicenseItem:
    return DeletedLicenseItem(link.pk, deleted_license_sort_key(_license_id(link)))


def _user(link: AnyItem, user_id: int | str) -> UserItem:
    return UserItem(link.pk, user_sort_key(int(user_id)))


def _held(link: LookupItem) -> list[AnyItem]:
    pk, who = license_pk(link.pk, _license_id(link)), int(_between(link))
    return [_license(link), SeatItem(pk, seat_sort_key(who)), _user(link, who)]


def _held_anew(link: LookupItem, license: LicenseItem, *_: object) -> Repair:
    whose = license.to_domain()
    return Repair(held_item(whose, int(_between(link))), _license(link), same_buyer(whose), replaces=True)


def _no_seat(link: LookupItem) -> tuple[AnyItem, Condition]:
    return _held(link)[1], SeatItem.pk.does_not_exist()


def _device(link: LookupItem) -> DeviceItem:
    hardware_hash, license_id, user_id = _seen(link)
    return DeviceItem(license_pk(link.pk, license_id), device_sort_key(hardware_hash, user_id))


def _named_device(link: LookupItem) -> DeviceItem:
    _, _, license_id, hardware_hash, user = link.sort_key.split("#")
    return DeviceItem(license_pk(link.pk, int(license_id)), device_sort_key(hardware_hash, int(user) if user else None))


def _no_named_device(link: LookupItem) -> tuple[AnyItem, Condition]:
    return _named_device(link), DeviceItem.pk.does_not_exist()


def _no_device(link: LookupItem) -> tuple[AnyItem, Condition]:
    return _device(link), DeviceItem.pk.does_not_exist()


def _id_of(link: LookupItem) -> int:
    return int(link.sort_key.removeprefix(device_id_sort_key()))


def _of_id(link: LookupItem) -> DeviceItem:
    return DeviceItem(license_pk(link.pk, _license_id(link)), link.device or device_prefix())


def _no_device_of_id(link: LookupItem) -> tuple[AnyItem, Condition]:
    return _of_id(link), DeviceItem.pk.does_not_exist() | (DeviceItem.id != _id_of(link))


def _order(link: LicenseSummaryItem) -> OrderItem:
    return OrderItem(link.pk, order_sort_key(_sold(link).order_id))


def _managed(link: LicenseSummaryItem) -> list[AnyItem]:
    return [_license(link), _order(link), _user(link, _between(link))]


def _no_manager(link: LicenseSummaryItem) -> tuple[AnyItem, Condition]:
    managers, who = OrderItem.managers, int(_between(link))
    return _order(link), managers.does_not_exist() | ~managers.contains(who)


def _ordered(link: LicenseSummaryItem) -> list[AnyItem]:
    return [_license(link), LookupItem(link.pk, company_license_sort_key(_license_id(link)))]


AUDITED = {
    CUSTOMER_LICENSE: _Kind(LookupItem, lambda link: [_license(link)], _customer_fault),
    customer_sort_key(): _Kind(
        CustomerItem,
        lambda record: [SalesItem(record.pk, customer_email_sort_key(record.email))],
        _record_fault,
        of_license=False,
    ),
    customer_email_sort_key(): _Kind(
        SalesItem,
        lambda sales: [CustomerItem(sales.pk, customer_sort_key(sales.customer))],
        _customer_email_fault,
        of_license=False,
    ),
    email_sort_key(): _Kind(LookupItem, lambda link: [_user(link, link.target_id)], _email_fault, of_license=False),
    HARDWARE_LICENSE: _Kind(LookupItem, lambda link: [_device(link)], _hardware_fault, orphan=_no_device),
    HOST_LICENSE: _Kind(LookupItem, lambda link: [_named_device(link)], _host_fault, orphan=_no_named_device),
    device_id_sort_key(): _Kind(LookupItem, lambda link: [_of_id(link)], _device_id_fault, orphan=_no_device_of_id),
    USER_LICENSE: _Kind(
        LookupItem, _held, _held_fault, orphan=_no_seat, anew={"user_link_of_other_customer": _held_anew}
    ),
    license_key_sort_key(): _Kind(LookupItem, lambda link: [_license(link), _deleted(link)], _key_fault),
    MANAGER_LICENSE: _Kind(LicenseSummaryItem, _managed, _managed_fault, orphan=_no_manager),
    ORDER_LICENSE: _Kind(LicenseSummaryItem, _ordered, _ordered_fault),
    PRODUCT_LICENSE: _Kind(LookupItem, lambda link: [_license(link)], _product_fault),
    scheduled_update_sort_key(): _Kind(ScheduledUpdateItem, _update_targets, _update_fault, of_license=False),
    user_sort_key(): _Kind(
        UserItem, lambda user: [LookupItem(user.pk, email_sort_key(user.email))], _user_fault, of_license=False
    ),
}
"""What is held against what it leads to, by the prefix of its sort keys."""

if _unlike := {(k.prefix, k.item) for k in KINDS if k.audit == "link"} ^ {(p, k.item) for p, k in AUDITED.items()}:
    raise TypeError(f"it is not said what is wrong with {_unlike}, or the registry does not say that it is audited")


def _between(link: AnyItem) -> str:
    """What stands in a sort key between the kind and the license."""
    middle: str = link.sort_key.partition("#")[2].rpartition("#")[0]
    return middle


def _seen(link: LookupItem) -> tuple[str, int, int | None]:
    """What the sort key of the link from a hardware id says: the hardware hash, the license and the user there."""
    _, hardware_hash, license_id, user_id = link.sort_key.split("#")
    return hardware_hash, int(license_id), int(user_id) if user_id else None


def _license_id(link: _Read) -> int:
    """The license that a link leads to, or that its sort key ends with; 0 where that is none."""
    target: int | None = getattr(link, "target_id", None)
    last = link.sort_key.rpartition("#")[2] if target is None else str(target)
    return int(last) if last.isdecimal() else 0


def _sold(link: LicenseSummaryItem) -> LicenseSummary:
    return LicenseSummaryItem.from_raw(link.to_dynamodb_dict())
