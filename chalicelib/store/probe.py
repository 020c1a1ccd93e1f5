"""Whether the database takes a write and gives it back."""

import secrets

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.instants import Instant
from chalicelib.store import reads, writes
from chalicelib.store.items.ephemera import ProbeItem

_OURS = f"probe#{secrets.token_hex(8)}"
_KEPT_SECONDS = 3600


def probe(now: Instant) -> None:
    """Write what was not there before, in one attempt, and read it back. Raises `Unavailable`."""
    item, nonce = ProbeItem(_OURS), secrets.token_hex(8)
    writes.observe(item, [ProbeItem.nonce.set(nonce), ProbeItem.expires.set(now // 1000 + _KEPT_SECONDS)])
    found = reads.get(item, now=now)
    if found is None or found.nonce != nonce:
        raise Unavailable("database_read_only")
