"""Errors of the tree as the License API answers them: status, code and message of the wire contract."""

from chalicelib import observability
from chalicelib.domain.errors import (
    AlreadyExists,
    Forbidden,
    Invalid,
    NotFound,
    SeatkeeperError,
    Unauthenticated,
    Unavailable,
)
from chalicelib.web.errors import BUSY_RETRY_SECONDS, ERRORS, ErrorResponse, error_response
from chalicelib.web.messages import message

MAX_FIELDS = 10
"""Wrong fields that one message names."""
_CODE_OF_CLASS: tuple[tuple[type[SeatkeeperError], str], ...] = (
    (Unavailable, "service_busy"),
    (Invalid, "validation_error"),
    (NotFound, "not_found"),
    (AlreadyExists, "already_exists"),
    (Unauthenticated, "invalid_credentials"),
    (Forbidden, "not_your_user"),
)


def wire_code(error: SeatkeeperError) -> str:
    """The code that callers get: the error's own, where the contract has it, else that of its class."""
    if error.code in ERRORS:
        return error.code
    return next(code for kind, code in _CODE_OF_CLASS if isinstance(error, kind))


def wire_message(error: SeatkeeperError) -> str:
    """The sentence; of what is invalid one for each wrong field, each with the field's name."""
    return " ".join(wire_sentences(error))


def wire_sentences(error: SeatkeeperError) -> list[str]:
    """Those of `wire_message`."""
    errors = error.errors[:MAX_FIELDS] if isinstance(error, Invalid) else (error,)
    return [f"{one.field}: {message(one)}" if one.field else _capital(message(one)) for one in errors]


def response_to(error: SeatkeeperError) -> ErrorResponse:
    """The answer to an error; what is unavailable says when to come again, and the log says why."""
    if isinstance(error, Unavailable):
        observability.add_fields(unavailable_reason=str(error))
        return error_response("service_busy", retry_after=BUSY_RETRY_SECONDS)
    return error_response(wire_code(error), wire_message(error), retry_after=error.retry_after)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
