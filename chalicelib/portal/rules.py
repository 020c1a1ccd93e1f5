"""What was sold with a license, in sentences: how many may use it, where, and what a move to another device costs."""

from chalicelib.domain.license import TRANSFERS_UNLIMITED, License
from chalicelib.languages import gettext, ngettext


def rules(license: License, *, prevent_vm: bool) -> list[str]:
    """The rules of a license, one sentence each. `prevent_vm`: whether its product runs on no virtual machine."""
    return [_users(license), _devices(license), *_transfers(license), _machines(prevent_vm)]


def _users(license: License) -> str:
    most = license.max_license_users
    if license.authorization_method != "user":
        return gettext("Whoever has the key may use it.")
    if most is None:
        return gettext("Any number of people may use it, each within a limit of their own.")
    return ngettext("One person may use it.", "Up to {n} people may use it, each within a limit of their own.", most)


def _devices(license: License) -> str:
    most = license.max_activations
    if most is None:
        return gettext("It may be active on any number of devices.")
    return ngettext("It may be active on one device at a time.", "It may be active on up to {n} devices at once.", most)


def _transfers(license: License) -> list[str]:
    if license.max_transfers == TRANSFERS_UNLIMITED:
        return [gettext("It may be moved to other devices as often as needed.")]
    resets = (
        gettext("A reset does not count as a move.") if license.free_resets else gettext("A reset counts as a move.")
    )
    if license.max_transfers < 0:
        return [gettext("It may not be moved to another device."), *([resets] if license.free_resets else [])]
    moves = ngettext(
        "It may be moved to another device once in all.",
        "It may be moved to another device {n} times in all.",
        license.max_transfers,
    )
    return [moves, resets]


def _machines(prevent_vm: bool) -> str:
    if prevent_vm:
        return gettext("It does not run on virtual machines.")
    return gettext("It also runs on virtual machines.")
