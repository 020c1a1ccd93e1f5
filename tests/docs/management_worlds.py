"""What the pages of docs/management/ take to be there, by the names of the pages."""

from collections.abc import Callable, Mapping

from tests.support import Vendor

WORLDS: Mapping[str, Callable[[Vendor], dict[str, str]]] = {}
"""Makes it, and answers what there is in the place of what stands in the page: an id, a key."""
