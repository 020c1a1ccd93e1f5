"""Completion of commands and options in a shell, written from the table.

What is answered also makes `seatkeeper` a command of the shell, from whichever folder: a shell completes names of
commands, and `python -m infra.admin` is none.
"""

import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from infra.admin.command import Command
from infra.admin.command_table import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
OF_ALL = ("--as", "--help", "--home", "--json", "--stage")
_OF_SOME: Mapping[str, Callable[[Command], bool]] = {
    "--dry-run": lambda command: command.changes,
    "--yes": lambda command: command.is_final,
    "--csv": lambda command: command.lists,
}
_BASH = """\
_seatkeeper() {{
    local typed="${{COMP_WORDS[*]:1:COMP_CWORD-1}}" found=""
    case "$typed" in
{cases}
    esac
    COMPREPLY=($(compgen -W "$found" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o default -F _seatkeeper seatkeeper"""
_ZSH = """\
_seatkeeper() {{
    local typed="${{words[2,CURRENT-1]}}" found=""
    case "$typed" in
{cases}
    esac
    if [[ -n "$found" ]]; then compadd -- ${{=found}}; else _files; fi
}}
compdef _seatkeeper seatkeeper"""
SHELLS: Mapping[str, str] = {"bash": _BASH, "zsh": _ZSH}


def script(shell: str) -> str:
    """What a shell reads at its start: `source <(… completion bash)`."""
    cases = "\n".join(f"        {pattern}) found={shlex.quote(' '.join(words))} ;;" for pattern, words in _cases())
    where = f"PYTHONPATH={shlex.quote(str(ROOT))} {shlex.quote(sys.executable)}"
    return f'seatkeeper() {{ {where} -m infra.admin "$@"; }}\n{SHELLS[shell].format(cases=cases)}'


def _cases() -> Iterator[tuple[str, list[str]]]:
    """What has been typed, as a pattern of the shell, and the words that may follow."""
    nouns: dict[str, list[Command]] = {}
    for command in COMMANDS:
        nouns.setdefault(command.name.partition(" ")[0], []).append(command)
    yield "''", [*nouns, "completion"]
    yield "completion", [*SHELLS]
    for noun, commands in nouns.items():
        if commands[0].name != noun:
            yield noun, [command.name.removeprefix(f"{noun} ") for command in commands]
    for command in COMMANDS:
        name = shlex.quote(command.name)
        yield f"{name}|{name}' '*", options_of(command)


def options_of(command: Command) -> list[str]:
    """All that it takes with dashes."""
    more = [name for name, takes in _OF_SOME.items() if takes(command)] + [*OF_ALL]
    return [*(option.name for option in command.options if option.name.startswith("--")), *more]
