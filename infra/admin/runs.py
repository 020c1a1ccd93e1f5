"""How a command is done: for real or to look at it, for one or for each of many."""

from collections.abc import Callable

from chalicelib.domain.errors import Invalid
from chalicelib.domain.public_events import told_detail
from chalicelib.domain.types import Json
from chalicelib.web.messages import message
from infra.admin.command import Command, Option
from infra.admin.command_result import CommandResult, DatabaseError
from infra.admin.inputs import read_lines
from infra.admin.parser import UsageError


def run(command: Command, do: Callable[[], CommandResult], *, is_dry: bool) -> CommandResult:
    """Do a command; in a dry run say what it would change first, and change nothing.

    One that only reads is never let write: what is named as if it read is found by its first call.
    """
    from chalicelib.usecases.dry_run import NotWritten, dry_run  # noqa: PLC0415 - it needs the environment

    if command.changes and not is_dry:
        return do()
    try:
        with dry_run():
            answer = do()
    except NotWritten as change:
        assert is_dry, f"{command.name} changes something: its verb says that it does not"
        event = change.event
        detail = {} if event is None else {"user": event.user, "hardware_id": event.hardware_id, **told_detail(event)}
        said = {name: value for name, value in detail.items() if value is not None}
        return CommandResult(_dry(True) | {"event": event and event.type} | said)
    return CommandResult(_dry(False)) if is_dry else answer


def for_each(subject: Option, values: Json, do: Callable[[Json], CommandResult], *, whole: bool) -> CommandResult:
    """Do a command for each line of standard input, whatever becomes of the others; answers a row for each.

    `whole`: with what each has answered. Exit code 1: some were refused; 3: of some it is not known.
    Raises `UsageError` where standard input cannot be read.
    """
    rows: list[Json] = []
    worst = 0
    for text in read_lines():
        status, note, answer = _outcome(subject, text, values, do)
        worst = max(worst, _EXIT_CODES[status], 0 if answer is None else answer.exit_code)
        row = {subject.argument: text, "status": status, "note": note}
        rows.append(row | ({"answer": answer and answer.document} if whole else {}))
    return CommandResult({"rows": rows}, exit_code=worst)


_EXIT_CODES = {"done": 0, "refused": 1, "unknown": 3}


def _outcome(
    subject: Option, text: str, values: Json, do: Callable[[Json], CommandResult]
) -> tuple[str, str, CommandResult | None]:
    assert subject.read is not None  # what names something has a value
    try:
        value = subject.read(text)
    except (ValueError, Invalid) as error:
        return "refused", message(error) if isinstance(error, Invalid) else str(error), None
    try:
        answer = do(values | {subject.argument: value})
    except UsageError as error:
        return "refused", str(error), None
    except DatabaseError as error:
        return "unknown", str(error), None
    return "done", answer.note, answer


def _dry(changes: bool) -> Json:
    return {"dry_run": True, "changes": changes}
