"""What a product defines: its features, its custom fields and its policies, all of one product under one prefix.

How often they were changed is counted in the product's own item. Who has read that before the definitions, and writes
on condition that it is the same, has decided on all of them: that no two have one code, and how many there are.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from chalicelib.domain.catalog import Product
from chalicelib.domain.custom_fields import CustomField
from chalicelib.domain.events import Event
from chalicelib.domain.features import ProductFeature
from chalicelib.domain.policies import Policy
from chalicelib.store import reads
from chalicelib.store.items.accounts import FeatureItem, FieldItem, PolicyItem, ProductItem
from chalicelib.store.items.base import AccountsItem
from chalicelib.store.items.events import AccountEventItem, event_item
from chalicelib.store.keys import feature_sort_key, field_sort_key, policy_sort_key, product_sort_key
from chalicelib.store.transactions import Transaction

D = TypeVar("D", ProductFeature, CustomField, Policy)


@dataclass(frozen=True)  # slots: a generic class that is made of a type cannot have them
class Definitions(Generic[D]):
    """The definitions of one kind."""

    item: type[AccountsItem[D]]
    sort_key: Callable[[str, int | None], str]
    """Of the one of a product with this id; without an id or a product, the prefix of all."""

    def read_all(self, company: str, product: str = "") -> list[D]:
        """Those of a product, or of all products of a company, oldest first of each. Consistent."""
        return list(reads.query_readable(self.item, company, self.sort_key(product, None)))

    def read_some(self, company: str, named: Iterable[tuple[str, int]]) -> dict[int, D]:
        """Those of these that there are, by their ids, each named by its product and id. Consistent, a hundred in one
        round trip.
        """
        items, found = (self.item(company, self.sort_key(*one)) for one in sorted(set(named))), dict[int, D]()
        while few := list(islice(items, reads.BATCH_GET_LIMIT)):
            there = [
                one.to_domain() for one in reads.batch_get_each(few, consistent=True) if isinstance(one, self.item)
            ]
            found |= {one.id: one for one in there}
        return found

    def create(self, new: D, product: Product, event: Event) -> None:
        """Raises `ConditionFailed` where the product has changed its definitions since it was read, or is gone."""
        write = _transaction(product, event)
        item = self.item.of(new, new.company, self.sort_key(new.product, new.id))
        write.put(item, self.item.pk.does_not_exist())
        write.commit()

    def update(self, old: D, new: D, product: Product, event: Event, *, forgotten: Sequence[D] = ()) -> None:
        """Write what differs, and forget some others. Raises `ConditionFailed` as `create` does."""
        write = _transaction(product, event)
        write.change(self._key(old), old, new, more=[self.item.get_attributes()["updated_at"].set(event.at)])
        for one in forgotten:
            write.delete(self._key(one), self.item.pk.exists())
        write.commit()

    def delete(self, old: D, product: Product, event: Event) -> None:
        """Raises `ConditionFailed` as `create` does."""
        write = _transaction(product, event)
        write.delete(self._key(old), self.item.pk.exists())
        write.commit()

    def _key(self, definition: D) -> AccountsItem[D]:
        return self.item(definition.company, self.sort_key(definition.product, definition.id))


def _transaction(product: Product, event: Event) -> Transaction:
    """Of a change of a product's definitions, if nobody has changed them since the product was read."""
    write = Transaction(event_item(product.company, event, AccountEventItem))
    counted, seen = ProductItem.definition_changes, ProductItem.unchanged(product, ProductItem.definition_changes)
    write.update(ProductItem(product.company, product_sort_key(product.code)), [counted.add(1)], seen)
    return write


FEATURES = Definitions[ProductFeature](FeatureItem, feature_sort_key)
FIELDS = Definitions[CustomField](FieldItem, field_sort_key)
POLICIES = Definitions[Policy](PolicyItem, policy_sort_key)
