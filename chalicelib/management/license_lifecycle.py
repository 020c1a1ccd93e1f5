"""Management API: licenses that get another key or order, are put away, or taken away for good."""

from typing import Annotated

from pydantic import Field, StrictStr

from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.license_body import LicenseBody, body_of
from chalicelib.management.license_changes import MAX_TEXT, LicensePath, MessageBody, move
from chalicelib.management.models import Id, Sent
from chalicelib.management.reach import its_license
from chalicelib.usecases.change_license import set_archived
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


@endpoint("POST", "/licenses/{license_id}/move", writes=True, scope="licenses:write")
def move_one_license(path: LicensePath, body: Move, caller: Caller) -> LicenseBody:
    """Let a license be one of another order, and so of its customer and managers; its users and devices stay."""
    return move(path.license_id, body.order, caller)


@endpoint("POST", "/licenses/{license_id}/archive", writes=True, scope="licenses:write", reach=its_license)
def archive_license(path: LicensePath, caller: Caller) -> MessageBody:
    """Put a license away: every use is refused until it is restored."""
    return _set_archived(path.license_id, True, caller)


@endpoint("POST", "/licenses/{license_id}/restore", writes=True, scope="licenses:write", reach=its_license)
def restore_license(path: LicensePath, caller: Caller) -> MessageBody:
    """Bring an archived license back as it was."""
    return _set_archived(path.license_id, False, caller)


def _set_archived(license_id: int, archived: bool, caller: Caller) -> MessageBody:
    sentence = "License archived." if archived else "License restored."
    return caller.once(
        lambda: set_archived(caller.company, license_id, archived, caller.actor, now=caller.now),
        lambda _: MessageBody(message=sentence),
    )
