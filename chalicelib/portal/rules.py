"""What was sold with a license, in sentences: how many may use it, where, and what a move to another device costs."""

from chalicelib.domain.license import TRANSFERS_UNLIMITED, License


def rules(license: License, *, prevent_vm: bool) -> list[str]:
    """The rules of a license, one sentence each. `prevent_vm`: whether its product runs on no virtual machine."""
    return [_users(license), _devices(license), *_transfers(license), _machines(prevent_vm)]


def _users(license: License) -> str:
    most = license.max_license_users
    if license.authorization_method != "user":
        return "Whoever has the key may use it."
    if most is None:
        return "Any number of people may use it, each within a limit of their own."
    return (
        f"Up to {most:,} people may use it, each within a limit of their own."
        if most != 1
        else "One person may use it."
    )


def _devices(license: License) -> str:
    most = license.max_activations
    if most is None:
        return "It may be active on any number of devices."
    return (
        f"It may be active on up to {most:,} devices at once."
        if most != 1
        else "It may be active on one device at a time."
    )


def _transfers(license: License) -> list[str]:
    if license.max_transfers == TRANSFERS_UNLIMITED:
        return ["It may be moved to other devices as often as needed."]
    resets = "A reset is no move." if license.free_resets else "A reset counts as a move."
    if license.max_transfers < 0:
        return ["It may not be moved to another device.", *([resets] if license.free_resets else [])]
    times = "once" if license.max_transfers == 1 else f"{license.max_transfers:,} times"
    return [f"It may be moved to another device {times} in all.", resets]


def _machines(prevent_vm: bool) -> str:
    return "It does not run on virtual machines." if prevent_vm else "It also runs on virtual machines."
