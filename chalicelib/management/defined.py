"""Management API: pages of what products define: features, custom fields and policies."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from chalicelib.domain.custom_fields import CustomField
from chalicelib.domain.features import ProductFeature
from chalicelib.domain.policies import Policy
from chalicelib.management.caller import Caller
from chalicelib.management.models import ListBody, ListQuery, QueryId, part_of_list

D = TypeVar("D", CustomField, Policy, ProductFeature)


class OfProductQuery(ListQuery):
    """Which part of a list, of one product or of all."""

    product: QueryId | None = None


def part_of_defined(
    found: Iterable[D], query: OfProductQuery, caller: Caller, name: str
) -> tuple[Sequence[D], ListBody]:
    """A page of what is defined, oldest first, as `part_of_list` answers it: of the products that the key is for."""
    own = [one for one in found if caller.key.is_for(one.product)]
    asked = [one for one in own if query.product in (None, one.product_id)]
    return part_of_list(asked, query, caller, name, lambda one: one.id)
