"""Keys of the Management API, with which a vendor's own servers call: a shop, a CRM, a support tool."""

import re
from dataclasses import dataclass, field
from hashlib import sha256

from chalicelib.domain.catalog import COMPANY_CODE
from chalicelib.domain.errors import Forbidden
from chalicelib.domain.instants import Instant

_CHANGED = ("licenses", "orders", "customers", "users", "devices", "products", "webhooks")
SCOPES = (*(f"{resource}:{verb}" for resource in _CHANGED for verb in ("read", "write")), "events:read")
"""What a key may be made for: what a call asks for. Who may write something may read it, too. Keys of before may have
others.
"""
USE_NOTED_EVERY_MS = 15 * 60_000
_KEY = re.compile(rf"skm_(?P<company>{COMPANY_CODE.pattern})_(?P<id>[1-9][0-9]{{0,15}})_[0-9a-f]{{48}}")


@dataclass(frozen=True, slots=True)
class ManagementKey:
    """One key. Its text is `skm_<company>_<id>_<secret>`, and of that a hash alone is stored."""

    company: str
    id: int
    name: str
    """What people know it by."""
    text_hash: str
    created_at: Instant
    scopes: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    """Product codes that the key is limited to; empty means all of the company."""
    expires_at: Instant | None = None
    """From then on it is refused; None: never."""
    revoked: bool = False
    last_used_at: Instant | None = None
    """Noted at most every `USE_NOTED_EVERY_MS`."""
    revision: int = field(default=0, compare=False)
    """How often it was changed."""

    def may(self, scope: str) -> bool:
        """Whether the key has a scope; who may write may read."""
        return bool(self.scopes & {scope, f"{scope.removesuffix(':read')}:write"})

    def guard_scope(self, scope: str) -> None:
        """Raises `Forbidden` where the key lacks a scope."""
        if not self.may(scope):
            raise Forbidden("management_key_scope_missing", scope=scope)

    def is_for(self, product: str | None) -> bool:
        """Whether the key sees what is of this product; None: of none."""
        return not self.products or product in self.products


def key_text(company: str, id: int, secret: str) -> str:
    """The text of a key, as its owner sends it; `secret`: 48 hex digits."""
    return f"skm_{company}_{id}_{secret}"


def read_key_text(text: str) -> tuple[str, int] | None:
    """The company and the id in the text of a key; None for what is no such text."""
    found = _KEY.fullmatch(text)
    return (found["company"], int(found["id"])) if found else None


def hash_key_text(text: str) -> str:
    """What is stored of a key. Its 192 random bits cannot be guessed, so the hash needs no key and no salt."""
    return sha256(text.encode()).hexdigest()
