"""Links that are filed, or removed, after the fact: on condition that what they follow from is as it has to be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalicelib.domain.events import Event
from chalicelib.store.expressions import Action, Condition
from chalicelib.store.items.events import AccountEventItem, event_item
from chalicelib.store.schema import AnyItem
from chalicelib.store.transactions import Transaction

AT_ONCE = 40
"""Links in one transaction: two items each, and the event; a hundred fit."""


@dataclass(frozen=True, slots=True)
class Repair:
    """A link or summary to file, or to remove."""

    link: AnyItem
    source: AnyItem
    """The item that it follows from."""
    condition: Condition
    """What must be true of that item in the instant of the repair."""
    removes: bool = False
    replaces: bool = False
    """Whether a link is there, and is to be another."""
    sets: Sequence[Action] = ()
    """What is set of `source`, where that is the item to mend, and `link` is the same."""


def carry_out(company: str, repairs: Iterable[Repair], event: Event) -> None:
    """Do these repairs, `AT_ONCE` at the most, all or none.

    Raises `ConditionFailed` where one is not needed any more, `Unavailable`.
    """
    write = Transaction(event_item(company, event, AccountEventItem))
    sources: dict[tuple[str, str], tuple[AnyItem, dict[str, Condition], list[Action]]] = {}
    for repair in repairs:
        kind = type(repair.link)
        if repair.removes:
            write.delete(repair.link, kind.pk.exists())
        elif not repair.sets:
            write.put(repair.link, kind.pk.exists() if repair.replaces else kind.pk.does_not_exist())
        # A transaction names an item once, and many links may follow from one.
        _, conditions, sets = sources.setdefault((repair.source.pk, repair.source.sort_key), (repair.source, {}, []))
        conditions[repr(repair.condition)] = repair.condition
        sets += repair.sets
    for source, conditions, sets in sources.values():
        first, *others = conditions.values()
        for other in others:
            first &= other
        if sets:
            write.update(source, sets, first)
        else:
            write.check(source, first)
    write.commit()
