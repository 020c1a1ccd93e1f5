"""What the tests of refused calls share."""

from typing import Any

from chalicelib.domain.instants import Instant
from chalicelib.domain.refusals import Refusal
from chalicelib.store import refusals
from tests.support import NOW, Vendor


def a_refusal(license_id: int | None, email: str | None = None, hardware_id: str = "pc", **more: Any) -> Refusal:
    """An activation that was refused since all activations are in use."""
    limit: dict[str, Any] = {"limit": 5, "used": 5, "request_id": "5f0c9f6e4f1b4d0e", "ip": "203.0.113.9"}
    given = {"at": NOW, "license_id": license_id, "email": email, "hardware_id": hardware_id, "product": "viewer"}
    return Refusal(**({"call": "activate_license", "code": "license_activated_max_times"} | given | limit | more))


def recorded(vendor: Vendor, license_id: int | None, now: Instant = NOW) -> list[Refusal]:
    """What is kept of a license, or of calls that matched none, the newest first."""
    return refusals.refusals_of(vendor.code, license_id, now)
