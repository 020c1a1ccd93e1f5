"""Broken builds of floating licenses: one for each condition that a slot rests on."""

from collections.abc import Callable
from typing import Any

from chalicelib.domain import slots as domain_slots
from chalicelib.store import slots
from chalicelib.store.database import ConditionFailed
from chalicelib.store.items.licenses import DeviceItem, LicenseItem, SlotItem
from chalicelib.usecases import slots as holding
from tests.proof.mutants import Patches, rewriting, without

_WHATEVER = SlotItem.pk.exists() | SlotItem.pk.does_not_exist()


def _slot_as_it_was_read() -> Patches:
    """Who has seen a slot free takes it, whoever has taken it since: its deadline is in no condition."""
    return [(slots, "_as_seen", lambda _slot: _WHATEVER)]


def _renewal_needs_a_free_slot() -> Patches:
    """Who holds a slot is given another one in its place, or none."""

    def renew(*_: Any) -> None:
        raise ConditionFailed

    def decide(license: Any, device: Any, found: Any, *more: Any, **now: Any) -> Any:
        others = [slot for slot in found if slot.holder != device.id]
        held = domain_slots.in_use(found, license, more[0], now["now"])
        nobodys = [slot for slot in others if slot not in held]
        return right(license, device, nobodys + held_by_none(held), *more, **now)

    def held_by_none(held: Any) -> Any:
        return [domain_slots.Slot(slot.number, 0, slot.held_until, slot.epoch) for slot in held]

    right = domain_slots.decide_slot
    return [(slots, "renew", renew), (slots, "read_slot", lambda *_: None), (holding, "decide_slot", decide)]


def _release_of_anothers_slot() -> Patches:
    """Who gives back a slot that has lapsed gives back whosever it is by now."""
    return [(slots, "_is_of", lambda _device: _WHATEVER)]


def _two_slots_for_a_device() -> Patches:
    """Two calls of a device at once take one each."""
    return [(slots, "has_same_slot", lambda _device: DeviceItem.pk.exists())]


def _lapsed_slot_taken_for_one_in_use() -> Patches:
    """A device is refused while a slot is free."""
    right = domain_slots.in_use
    return [
        (module, "in_use", lambda found, license, seats, _now: right(found, license, seats, 0))
        for module in (domain_slots, holding)
    ]


def _reset_of_a_user_keeps_slots() -> Patches:
    """A device is refused for a slot that its user's reset has freed."""
    right = domain_slots.is_current
    return [
        (
            domain_slots,
            "is_current",
            lambda slot, license, _seats: right(slot, license, {slot.user_id: slot.seat_epoch}),
        )
    ]


def _fewer_slots_given_too_early() -> Patches:
    """A slot is given while more are in use than are sold."""

    def decide(license: Any, device: Any, found: Any, *more: Any, **now: Any) -> Any:
        return right(license, device, [slot for slot in found if slot.number < license.floating_users], *more, **now)

    right = domain_slots.decide_slot
    return [(holding, "decide_slot", decide)]


def _slot_of_one_who_is_reset() -> Patches:
    """Where there are users, a slot is taken by what was read before a reset."""
    return rewriting(
        slots, "take", LicenseItem, lambda actions, _: (without(actions, "slots_known"), LicenseItem.pk.exists())
    )


SLOT_MUTANTS: dict[str, Callable[[], Patches]] = {
    "slot without the deadline in the condition": _slot_as_it_was_read,
    "renewal that needs a free slot": _renewal_needs_a_free_slot,
    "release of another's slot": _release_of_anothers_slot,
    "two slots for a device": _two_slots_for_a_device,
    "a refusal while one is free": _lapsed_slot_taken_for_one_in_use,
    "reset of a user keeps slots": _reset_of_a_user_keeps_slots,
    "fewer slots given too early": _fewer_slots_given_too_early,
    "slot by a license of before": _slot_of_one_who_is_reset,
}
CAUGHT_ON_SLOTS = {
    "slot without the deadline in the condition": "check-rival+check@slot/lapsed",
    "renewal that needs a free slot": "check+check-other@slot/full",
    "release of another's slot": "check-rival+release@slot/lapsed",
    "two slots for a device": "check-rival+check-rival@slot/free",
    "a refusal while one is free": "check-rival+release@slot/lapsed",
    "reset of a user keeps slots": "check-other+reset-user@slot_users/theirs",
    "fewer slots given too early": "check+release@slot/fewer",
    "slot by a license of before": "check-rival+reset-user@slot_users/full",
}
