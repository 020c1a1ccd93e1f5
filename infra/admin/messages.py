"""What errors are called on the command line: fields by the names of options, and all that is wrong at once."""

from chalicelib.domain.errors import Invalid, SeatkeeperError
from chalicelib.web import messages
from chalicelib.web.messages import message
from infra.admin.command import Command
from infra.admin.parser import of_option

MESSAGES = messages.MESSAGES | {
    "revision_changed": "--revision: it has another one by now: somebody else was faster. Show it, then decide again.",
    "idempotency_key_reused": "--idempotency-key: within a day it came with something else; nothing was made.",
    "already_exists.order_id": "there is an order {order} with other content; license issue --order sells more in it.",
    "end_missing": "a {license_type} license needs --validity-period or --valid-duration.",
    "end_twice": "give --validity-period or --valid-duration, not both.",
}
_ARGUMENT_OF_FIELD = {
    "order_id": "order",
    "phone_number": "phone",
    "new_password": "password_stdin",
    "events": "event",
}


def error_message(error: SeatkeeperError, command: Command) -> str:
    """A sentence for each wrong option, with its name; one where nothing is wrong with an option."""
    errors = error.errors if isinstance(error, Invalid) else (error,)
    return " ".join(_sentence(one, command) for one in errors)


def _sentence(error: SeatkeeperError, command: Command) -> str:
    sentence = message(error, MESSAGES)
    name = None if error.field is None else _option_of(error.field, command)
    if name is None:
        return sentence[:1].upper() + sentence[1:]
    return of_option(name, sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:])


def _option_of(field: str, command: Command) -> str | None:
    argument = _ARGUMENT_OF_FIELD.get(field, field)
    return next((option.name for option in command.options if option.argument == argument), None)
