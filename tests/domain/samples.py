"""Values of the domain with everything ordinary about them, but what a test tells."""

from typing import Any

from chalicelib.domain.activation import Snapshot
from chalicelib.domain.license import Device, License, Seat

NOW = 1_795_500_000_000
"""2026-11-24T06:00:00Z."""
HOUR, DAY = 3_600_000, 86_400_000


def a_license(**expected: Any) -> License:
    """A perpetual, key-based license of five activations."""
    usual: dict[str, Any] = {
        "company": "ACME",
        "id": 7,
        "product": "viewer",
        "authorization_method": "license-key",
        "license_type": "perpetual",
        "created_at": NOW - 100 * DAY,
        "max_activations": 5,
    }
    return License(**(usual | expected))


def a_device(**expected: Any) -> Device:
    """A live device of a license that was never reset."""
    usual: dict[str, Any] = {
        "id": 70,
        "hardware_id": "pc",
        "active": True,
        "epoch": 0,
        "first_activated_at": NOW - DAY,
        "activated_at": NOW - DAY,
        "last_check_at": NOW - DAY,
    }
    return Device(**(usual | expected))


def a_seat(**expected: Any) -> Seat:
    """A seat of two activations that holds none."""
    usual: dict[str, Any] = {
        "user_id": 700,
        "email": "ada@example.com",
        "activations": 0,
        "epoch": 3,
        "license_epoch": 0,
        "assigned_at": NOW - DAY,
        "max_activations": 2,
    }
    return Seat(**(usual | expected))


def a_users_place(*, seat: dict[str, Any] | None = None, **license: Any) -> Snapshot:
    """A user's place on a user-based license, from a device that is not known."""
    return Snapshot(a_license(authorization_method="user", **license), seat=a_seat(**(seat or {})))
