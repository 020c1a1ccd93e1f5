"""Management API: licenses that get another key or order, are switched off, put away, or taken away for good."""

from collections.abc import Callable
from typing import Annotated

from pydantic import Field, StrictStr

from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.license_body import LicenseBody, body_of
from chalicelib.management.license_changes import MAX_TEXT, LicensePath, MessageBody, move
from chalicelib.management.models import Id, Sent
from chalicelib.management.reach import its_license
from chalicelib.usecases.change_license import set_archived, set_enabled
from chalicelib.usecases.change_terms import Sold
from chalicelib.usecases.delete_license import delete_license, finish_deletion
from chalicelib.usecases.rotate_key import rotate_key


@endpoint("DELETE", "/licenses/{license_id}", writes=True, scope="licenses:write", reach=its_license)
def delete_one_license(path: LicensePath, caller: Caller) -> None:
    """Delete a license with its seats and devices, for good; its history stays, and its key is never sold again."""
    caller.once(
        lambda: delete_license(caller.company, path.license_id, caller.actor, revision=caller.if_match, now=caller.now),
        lambda _: {},
    )
    if caller.is_replayed:  # the answer stands with the first step, and whoever gave it may have died behind that
        finish_deletion(caller.company, path.license_id)


class KeyRotation(Sent):
    """POST licenses/{id}/rotate_key."""

    old_key_for: Annotated[StrictStr, Field(max_length=MAX_TEXT)] | None = None
    """How long the old key is answered: `7d`, `1m`; left out: not at all."""


@endpoint("POST", "/licenses/{license_id}/rotate_key", writes=True, scope="licenses:write", reach=its_license)
def rotate_license_key(path: LicensePath, body: KeyRotation, caller: Caller) -> LicenseBody:
    """A new license key; activations stay."""

    def rotate() -> Sold:
        old_for, revision = body.old_key_for, caller.if_match
        who = (caller.company, path.license_id, caller.actor)
        return rotate_key(*who, old_key_for=old_for, revision=revision, now=caller.now)

    return caller.once(rotate, body_of(caller))


class Move(Sent):
    """POST licenses/{id}/move."""

    order: Id
    """The id of an order that is there."""


@endpoint("POST", "/licenses/{license_id}/move", writes=True, scope="licenses:write", reach=its_license)
def move_one_license(path: LicensePath, body: Move, caller: Caller) -> LicenseBody:
    """Let a license be one of another order, and so of its customer and managers; its users and devices stay."""
    return move(path.license_id, body.order, caller)


@endpoint("POST", "/licenses/{license_id}/enable", writes=True, scope="licenses:write", reach=its_license)
def enable_license(path: LicensePath, caller: Caller) -> MessageBody:
    """Let a disabled license be used again."""
    return _set(set_enabled, True, "License enabled.", path, caller)


@endpoint("POST", "/licenses/{license_id}/disable", writes=True, scope="licenses:write", reach=its_license)
def disable_license(path: LicensePath, caller: Caller) -> MessageBody:
    """Refuse every use of a license until the vendor enables it."""
    return _set(set_enabled, False, "License disabled.", path, caller)


@endpoint("POST", "/licenses/{license_id}/archive", writes=True, scope="licenses:write", reach=its_license)
def archive_license(path: LicensePath, caller: Caller) -> MessageBody:
    """Put a license away: every use is refused until it is restored."""
    return _set(set_archived, True, "License archived.", path, caller)


@endpoint("POST", "/licenses/{license_id}/restore", writes=True, scope="licenses:write", reach=its_license)
def restore_license(path: LicensePath, caller: Caller) -> MessageBody:
    """Bring an archived license back as it was."""
    return _set(set_archived, False, "License restored.", path, caller)


def _set(
    change: Callable[..., object],  # `set_enabled` or `set_archived`
    value: bool,
    sentence: str,
    path: LicensePath,
    caller: Caller,
) -> MessageBody:
    return caller.once(
        lambda: change(caller.company, path.license_id, value, caller.actor, now=caller.now),
        lambda _: MessageBody(message=sentence),
    )
