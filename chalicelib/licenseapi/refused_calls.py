"""What a refused call leaves for support: who asked for what, and why it was refused."""

from contextlib import suppress

from chalicelib import observability
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import Invalid, LimitReached, SeatkeeperError
from chalicelib.domain.refusals import Refusal
from chalicelib.usecases.limit_reached import note_limit_reached
from chalicelib.usecases.record_refusal import record_refusal
from chalicelib.web.authentication import Caller
from chalicelib.web.freshness import Call


def record_refused_call(call: str, request: Call, caller: Caller, error: SeatkeeperError) -> None:
    """Record that an application's call was refused, and note its limit, in the log and for who listens. Never raises.

    `request`: any of the License API's; what it does not name is not recorded, and a password or a key is not, either.
    """
    refusal = Refusal(
        call=call,
        code=error.code,
        at=caller.now,
        license_id=error.license_id,
        product=getattr(request, "product", None),
        email=_email(getattr(request, "username", None)),
        hardware_id=getattr(request, "hardware_id", None),
        hostname=getattr(request, "hostname", None),
        ip=caller.ip or None,
        request_id=observability.request_id() or None,
        limit=error.limit if isinstance(error, LimitReached) else None,
        used=error.used if isinstance(error, LimitReached) else None,
    )
    observability.add_fields(limit=refusal.limit, used=refusal.used)
    record_refusal(caller.company, refusal)
    if isinstance(error, LimitReached) and error.license_id is not None:
        note_limit_reached(caller.company, error.license_id, error, caller.actor, user=refusal.email, now=caller.now)


def _email(username: str | None) -> str | None:
    """The user's email; None of what is none."""
    with suppress(Invalid):
        return None if username is None else known_email(username.split("|", 1)[0])
    return None
