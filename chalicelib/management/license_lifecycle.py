"""Management API: licenses that are put away, or taken away for good."""

from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.license_changes import LicensePath, MessageBody
from chalicelib.usecases.change_license import set_archived
from chalicelib.usecases.delete_license import delete_license


@endpoint("DELETE", "/licenses/{license_id}", writes=True, scope="licenses:write")
def delete_one_license(path: LicensePath, caller: Caller) -> None:
    """Delete a license with its seats and devices, for good; its history stays, and its key is never sold again."""
    caller.once(
        lambda: delete_license(caller.company, path.license_id, caller.actor, revision=caller.if_match, now=caller.now),
        lambda _: {},
    )


@endpoint("POST", "/licenses/{license_id}/archive", writes=True, scope="licenses:write")
def archive_license(path: LicensePath, caller: Caller) -> MessageBody:
    """Put a license away: every use is refused until it is restored."""
    return _set_archived(path.license_id, True, caller)


@endpoint("POST", "/licenses/{license_id}/restore", writes=True, scope="licenses:write")
def restore_license(path: LicensePath, caller: Caller) -> MessageBody:
    """Bring an archived license back as it was."""
    return _set_archived(path.license_id, False, caller)


def _set_archived(license_id: int, archived: bool, caller: Caller) -> MessageBody:
    sentence = "License archived." if archived else "License restored."
    return caller.once(
        lambda: set_archived(caller.company, license_id, archived, caller.actor, now=caller.now),
        lambda _: MessageBody(message=sentence),
    )
