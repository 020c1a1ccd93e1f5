"""The command line, built from the table. What is wrong with it is a `UsageError`, not argparse's own exit.

argparse, and not Click: the table declares the commands once, and decorators would declare them again.
"""

import argparse
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Never, Self

from chalicelib.domain.errors import Invalid
from chalicelib.domain.types import Json
from chalicelib.web.messages import message
from infra import output
from infra.admin import completion, values
from infra.admin.command import Command, Option
from infra.admin.command_table import COMMANDS
from infra.version import add_version

PROG = ".venv/bin/python -m infra.admin"
AS = Option("--as", "NAME", "who does it, for the history; your name on this system, if not given", values.text)
"""Of every command."""
DRY_RUN = Option("--dry-run", "", "look whether it can be done, say what it changes, and change nothing")
"""Of every command that changes something."""
YES = Option("--yes", "", "do what cannot be undone")
"""Of every command that does so; without it nothing is done."""


class Many:
    """In the place of a command's subject: many of them, which standard input has. The class itself."""


class UsageError(Exception):
    """What the operator has asked for cannot be done; the text is one sentence."""

    @classmethod
    def of(cls, option: str, sentence: str) -> Self:
        """What is wrong with the value of an option."""
        return cls(of_option(option, sentence))


def of_option(option: str, sentence: str) -> str:
    """What is wrong with the value of an option, whoever has found it: the command line, a file, or the domain."""
    return f"{option}: {sentence}"


def read_command_line(arguments: Sequence[str]) -> tuple[Command, Json, argparse.Namespace]:
    """The command, the arguments of its function, and all that was given.

    Where standard input has what the command is about, `Many` stands in the place of it.
    Raises `UsageError`, SystemExit for --help.
    """
    if any(not _is_utf8(argument) for argument in arguments):
        raise UsageError("The command line is not valid UTF-8.")
    wrong: list[str] = []
    parser = _parser(wrong, frozenset(arguments))
    given, unknown = parser.parse_known_args(_joined(arguments, _options_of(parser)))
    if unknown:
        wrong.append(f"unrecognized arguments: {' '.join(unknown)}")
    if wrong:
        raise UsageError(_usage_sentence(wrong, f"{PROG} {given.command.name}"))
    command: Command = given.command
    if command.changing and not any(one.is_in(getattr(given, one.argument)) for one in command.changing):
        raise UsageError("Say what is to be changed.")
    if command.is_final and not (given.yes or given.dry_run):
        raise UsageError("It cannot be undone: look at it with --dry-run, then say --yes.")
    return command, {option.argument: getattr(given, option.argument) for option in command.options}, given


def _options_of(parser: argparse.ArgumentParser) -> dict[str, bool]:
    """The names of the options of a parser and of its pages, each with whether a value stands behind it."""
    names = parser._option_string_actions  # noqa: SLF001 - nothing public has them
    found = {name: action.nargs != 0 for name, action in names.items()}
    for action in parser._actions:  # noqa: SLF001 - likewise
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - likewise
            for page in action.choices.values():
                found |= _options_of(page)
    return found


def _joined(arguments: Sequence[str], options: Mapping[str, bool]) -> list[str]:
    """`--name -value` as `--name=-value`: ids of devices and cursors may begin with a dash, which argparse takes for
    an option's.
    """
    joined: list[str] = []
    for argument in arguments:
        begins_with_dash = argument.startswith("-") and argument not in {"-", *options}
        if begins_with_dash and joined and options.get(joined[-1]):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def _usage_sentence(wrong: Sequence[str], prog: str) -> str:
    return f"{'; '.join(one.rstrip('.') for one in wrong)}; see {prog} --help."


class _Parser(argparse.ArgumentParser):
    def __init__(self, **more: Any) -> None:  # of argparse
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **more)
        self.wrong: list[str] = []
        """What was wrong with the values that were read before."""

    def error(self, message: str) -> Never:
        raise UsageError(_usage_sentence([*self.wrong, message.removeprefix("argument ")], self.prog))


def _parser(wrong: list[str], typed: Collection[str]) -> _Parser:
    """`wrong` is filled while it parses.

    Pages whose words are not `typed` stay empty: nobody gets there, and to fill all takes ten times as long.
    """
    nouns: dict[str, list[Command]] = {}
    for command in COMMANDS:
        nouns.setdefault(command.name.partition(" ")[0], []).append(command)
    parser = _Parser(
        prog=PROG,
        description="Manage the Seatkeeper that runs here, a --stage on AWS, or what SEATKEEPER_TABLE_PREFIX and "
        "SEATKEEPER_SECRETS\nin the environment name.",
        epilog=f"{_example(COMMANDS[0])}\n\nexit: 0 done, 1 the audit or an import finds a difference, or the sweep or "
        "one fails on some,\n2 nothing done for what standard error says, 3 it may have been done or not: look before "
        "you repeat it",
    )
    add_version(parser)
    pages = parser.add_subparsers(metavar="NOUN", required=True)
    _add_completion(pages)
    for noun, commands in nouns.items():
        if commands[0].name == noun:
            _add(pages, noun, commands[0], wrong, typed)
            continue
        page = pages.add_parser(
            noun,
            help=", ".join(command.name.removeprefix(f"{noun} ") for command in commands),
            epilog=_example(commands[0]),
        )
        if noun in typed:
            verbs = page.add_subparsers(metavar="VERB", required=True)
            for command in commands:
                _add(verbs, command.name.removeprefix(f"{noun} "), command, wrong, typed)
    return parser


# Argparse keeps the type of `pages` to itself.
def _add_completion(pages: Any) -> None:
    example = f"example: source <({PROG} completion bash)"
    page = pages.add_parser("completion", help="complete commands in bash or zsh", epilog=example)
    page.add_argument("shell", action=_ShowScript, choices=completion.SHELLS, help="whose script is answered")


class _ShowScript(argparse.Action):
    """Answers and ends, as --help does: it needs no database."""

    # Likewise.
    def __call__(self, parser: argparse.ArgumentParser, _namespace: Any, shell: Any, _flag: str | None = None) -> None:
        output.answer(completion.script(shell))
        parser.exit()


# Likewise.
def _add(pages: Any, word: str, command: Command, wrong: list[str], typed: Collection[str]) -> None:
    sentence = f"{command.help[0].upper()}{command.help[1:]}."
    page = pages.add_parser(word, help=command.help, description=sentence, epilog=_example(command))
    if word not in typed:
        return
    page.set_defaults(command=command, dry_run=False, csv=False)
    page.wrong = wrong
    for option in command.options:
        _add_option(page, option, is_subject=option is command.subject)
    if command.changes:
        _add_option(page, DRY_RUN)
    if command.is_final:
        _add_option(page, YES)
    form = page.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="answer one JSON document")
    if command.lists:
        form.add_argument("--csv", action="store_true", help="answer the rows as CSV")
    home = "folder of the data of `.venv/bin/python -m infra.run` (.local)"
    page.add_argument("--stage", action=_Once, metavar="NAME", help="a stage of .chalice/config.json, on AWS")
    page.add_argument("--home", type=Path, action=_Once, metavar="DIR", help=home)
    _add_option(page, AS)


def _add_option(page: _Parser, option: Option, *, is_subject: bool = False) -> None:
    more: Json = {"help": f"{option.help}; - reads one a line from standard input" if is_subject else option.help}
    if option.read is None:
        more |= {"action": "store_true"}
    else:
        more |= {
            "metavar": option.shape,
            "action": _Given,
            "option": option,
            "wrong": page.wrong,
            "subject": is_subject,
        }
    if option.name.startswith("--") and option.read is not None:
        default = [] if option.many else option.default
        more |= {"required": option.required, "default": default, "dest": option.argument}
    elif option.many:
        more |= {"nargs": "+", "default": []}
    page.add_argument(option.name, **more)


class _Once(argparse.Action):
    """An option that was given twice is a slip: the second value would silently win."""

    # Argparse gives what was read, of whatever type.
    def __call__(self, _parser: Any, namespace: argparse.Namespace, values: Any, _flag: str | None = None) -> None:
        if self in (seen := namespace.__dict__.setdefault("seen", set())):
            raise argparse.ArgumentError(self, "give it once.")
        if values == []:  # argparse before Python 3.13 takes `--` out of what an option is given
            raise argparse.ArgumentError(self, "expected one argument")
        seen.add(self)
        setattr(namespace, self.dest, values)


class _Given(_Once):
    """Reads a value. What is wrong with it is kept in `wrong` until all are read, so that all is reported at once."""

    # Likewise.
    def __init__(self, *arguments: Any, option: Option, wrong: list[str], subject: bool, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.option, self.wrong, self.is_subject = option, wrong, subject

    # Likewise.
    def __call__(self, parser: Any, namespace: argparse.Namespace, text: Any, flag: str | None = None) -> None:
        if text == []:  # likewise
            text = "--"
        if isinstance(text, list):
            for one in text:
                self(parser, namespace, one, flag)
            return
        assert self.option.read is not None  # a switch has no value
        try:
            value = Many if self.is_subject and text == "-" else self.option.read(text)
        except (ValueError, Invalid) as error:
            sentence = message(error) if isinstance(error, Invalid) else str(error)
            self.wrong.append(of_option(self.option.name, sentence))
            return
        if self.option.many:
            setattr(namespace, self.dest, [*getattr(namespace, self.dest), value])
        else:
            super().__call__(parser, namespace, value, flag)


def _example(command: Command) -> str:
    return f"example: {PROG} {command.line}"


def _is_utf8(argument: str) -> bool:
    # What the shell hands over in other bytes stands in it as lone surrogates.
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True
