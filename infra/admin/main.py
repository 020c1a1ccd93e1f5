"""One admin command: read the command line, find the database, do it, answer.

Exit 0: done · 1: the audit or an import finds a difference, or of many some were refused or failed ·
2: nothing done, for what standard error says in one sentence ·
3: the database did not do it or did not answer, or the answer could not be written.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib import observability
from chalicelib.bootstrap import bootstrap
from chalicelib.domain.errors import SeatkeeperError, Unavailable
from chalicelib.domain.types import Json
from chalicelib.runtime import runtime, using
from chalicelib.settings import SettingsError
from infra import local, output
from infra.admin.command import Command
from infra.admin.command_result import DatabaseError
from infra.admin.operator_name import act_as
from infra.admin.parser import Many, UsageError, read_command_line
from infra.admin.text_output import as_csv, as_text
from infra.embedded.errors import EngineError
from infra.stage.stages import StageError, read_stage

if TYPE_CHECKING:
    import argparse

    from infra.admin.command_result import CommandResult

HOME = Path(__file__).resolve().parents[2] / ".local"
_OF_A_STAGE = ("SEATKEEPER_TABLE_PREFIX", "SEATKEEPER_SECRETS")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one command and answer on standard output; returns the exit code."""
    try:
        command, values, given = read_command_line(sys.argv[1:] if arguments is None else arguments)
        surroundings = environment(os.environ, given.home, given.stage)
        os.environ.clear()
        os.environ.update(surroundings)
        act_as(given.as_)
        with using(bootstrap(surroundings)):
            answer = _answer(command, values, given)
    except (EngineError, UsageError, SettingsError, StageError, local.DataDirError) as error:
        _note(str(error))
        return 2
    except DatabaseError as error:
        _note(str(error))
        return 3
    if answer.note:
        _note(answer.note)
    if given.csv and answer.document.get("after"):
        _note(f"There are more: go on with --after {answer.document['after']}.")
    try:
        output.write(_written(answer.document, given))
    except OSError as error:
        if isinstance(error, BrokenPipeError) and not command.changes:
            return output.READER_GONE
        _note(f"It is done, but the answer could not be written ({error.strerror}): look before you repeat it.")
        return 3
    return answer.exit_code


def _written(document: Json, given: "argparse.Namespace") -> str:
    """An answer as it was asked for."""
    if given.csv:
        return as_csv(document)
    # In JSON all is escaped that a terminal might not take.
    return json.dumps(document, indent=2) if given.json else as_text(document)


def environment(ours: Mapping[str, str], home: Path | None = None, stage: str | None = None) -> dict[str, str]:
    """The environment of the command: of the `stage` or the `home` that is given, else ours, else of the home here.

    Where a server runs on the home it is the server's.
    Raises `UsageError`, `StageError`, `DataDirError` where none of them says which database is meant.
    """
    if stage is not None:
        if home is not None:
            raise UsageError("Say --stage or --home, not both.")
        return _of_stage(ours, stage)
    if home is None and any(name in ours for name in _OF_A_STAGE):
        return dict(ours)
    data_dir = home or HOME
    if not local.database_file(data_dir).exists():
        raise UsageError(f"There is no data in {data_dir}: start Seatkeeper there first, as `make run` does.")
    # Without the AWS settings of the operator's own: a profile would lead elsewhere, or nowhere.
    without_aws = {name: value for name, value in ours.items() if not name.startswith("AWS_")}
    of_server = {n: value for n, value in (local.running(data_dir) or {}).items() if n.startswith("SEATKEEPER_")}
    return without_aws | local.settings(data_dir) | of_server


def _of_stage(ours: Mapping[str, str], name: str) -> dict[str, str]:
    """As the functions of the stage have it, with the operator's own credentials and region."""
    from infra.stage.aws import connect  # noqa: PLC0415 - it takes a tenth of a second

    of_stage = read_stage(name).environment
    if others := [n for n, value in of_stage.items() if ours.get(n, value) != value]:
        means, it = ("means", "it") if len(others) == 1 else ("mean", "them")
        message = f"{' and '.join(others)} in the environment {means} something else than --stage {name}"
        raise UsageError(f"{message}: unset {it}.")
    region = connect().region
    return dict(ours) | of_stage | {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}


def function_of(command: Command) -> Callable[..., "CommandResult"]:
    """What does a command. Needs the environment."""
    from infra.admin import (  # noqa: PLC0415
        api_keys,
        audits,
        commands,
        companies,
        customers,
        devices,
        explanations,
        exports,
        histories,
        imports,
        license_lists,
        management_keys,
        orders,
        people,
        policies,
        products,
        reports,
        scheduled_updates,
        seats,
        terms,
        webhooks,
    )

    modules = (
        *(api_keys, audits, commands, companies, customers, devices, explanations, exports, histories, imports),
        *(license_lists, management_keys, orders, people, policies, products, reports, scheduled_updates, seats),
        *(terms, webhooks),
    )
    named = (getattr(module, command.function) for module in modules if hasattr(module, command.function))
    found: Callable[..., CommandResult] = next(named)
    return found


def _answer(command: Command, values: Json, given: "argparse.Namespace") -> "CommandResult":
    """What the command answers, or in a dry run would do, of one thing or of each that standard input names."""
    from infra.admin.runs import for_each  # noqa: PLC0415 - as below

    subject = command.subject
    if subject is None or values[subject.argument] is not Many:
        return _in_record(command, values, given.dry_run)
    return for_each(subject, values, lambda one: _in_record(command, one, given.dry_run), whole=given.json)


def _in_record(command: Command, values: Json, is_dry: bool) -> "CommandResult":
    """Do a command in a log record of its own, which tells nothing of what it was given but company and license."""
    from chalicelib.web.request_log import new_request_id  # noqa: PLC0415 - as below

    log, request_id = runtime().log, new_request_id()
    company, license_id = values.get("company"), values.get("license")
    log.take_logs()
    with log.record("command", request_id=request_id, command=command.name):
        observability.add_fields(company=company, license_id=license_id if isinstance(license_id, int) else None)
        try:
            return _do(command, values, is_dry)
        except (EngineError, UsageError, SettingsError, local.DataDirError, DatabaseError) as error:
            observability.set_error(_outcome(error))
            failure = error
    if isinstance(failure, DatabaseError) and log.level != "off":
        raise DatabaseError(f"{failure} Its log record has the request id {request_id}.")
    raise failure


def _outcome(error: Exception) -> str:
    """Its code in the log, as of a request."""
    from chalicelib.web.error_responses import wire_code  # noqa: PLC0415

    if isinstance(error.__cause__, SeatkeeperError):
        return wire_code(error.__cause__)
    return "service_busy" if isinstance(error, DatabaseError) else "validation_error"


def _do(command: Command, values: Json, is_dry: bool) -> "CommandResult":
    # Imported now: they read the environment.
    from botocore.exceptions import ClientError  # noqa: PLC0415
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415

    from chalicelib.web import clock  # noqa: PLC0415
    from chalicelib.web.messages import message  # noqa: PLC0415
    from infra.admin.messages import error_message  # noqa: PLC0415
    from infra.admin.runs import run  # noqa: PLC0415
    from infra.secret_store import StoreError  # noqa: PLC0415

    given = {"now": clock.now()} | {name: value for name, value in values.items() if (name, value) != ("now", None)}
    function = function_of(command)
    try:
        answer: CommandResult = run(command, lambda: function(**given), is_dry=is_dry)
    except Unavailable as error:
        hint = "repeat it with the same key" if values.get("idempotency_key") else "look before you repeat it"
        observability.add_fields(unavailable_reason=str(error))
        raise DatabaseError(f"It may have been done or not, {hint}: {message(error)}.") from error
    except SeatkeeperError as error:
        raise UsageError(error_message(error, command)) from error
    except StoreError as error:
        raise DatabaseError(str(error)) from None
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            where = f"{runtime().settings.table_prefix}-… in {runtime().database.region}"
            sentence = f"There are no tables {where}: deploy the stage (make deploy), or set AWS_REGION."
            raise UsageError(sentence) from None
        raise DatabaseError(f"The database refuses it: {error.response['Error']['Message']}") from None
    except InvalidTag:
        raise DatabaseError("SEATKEEPER_SECRETS are not those that this data was sealed with.") from None
    return answer


def _note(sentence: str) -> None:
    with suppress(OSError):  # the exit code says it, too
        print(sentence, file=sys.stderr)
