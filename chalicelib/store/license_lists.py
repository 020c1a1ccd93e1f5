"""The licenses that a name leads to, by their ids: lists as they are filed."""

from chalicelib.domain.license import hash_hardware_id
from chalicelib.store import reads
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import hardware_sort_key


def seen_by_hardware(
    company: str, hardware_id: str, limit: int, *, after: tuple[int, int | None] | None = None
) -> list[tuple[int, int | None]]:
    """The licenses that have seen a hardware id, each with the user there, the newest `limit` first, consistently.

    `after`: the license and the user to go on behind.
    """
    hardware_hash = hash_hardware_id(hardware_id)
    behind = None if after is None else hardware_sort_key(hardware_hash, *after)
    links = reads.query(
        LookupItem, company, hardware_sort_key(hardware_hash), backwards=True, limit=limit, after=behind
    )
    ends = (link.sort_key.split("#")[2:] for link in links)
    return [(int(license_id), int(user_id) if user_id else None) for license_id, user_id in ends]
