"""Every error that is raised has a code of the list, one class, and a message in each adapter with its parameters.

Read from the source: an error that nobody has a sentence for is found before it is raised.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from chalicelib.domain import errors
from chalicelib.domain.columns import _WORDS as COLUMN_WORDS
from chalicelib.domain.errors import Code, SeatkeeperError
from chalicelib.domain.limits import LIMITS
from chalicelib.portal.messages import MESSAGES as PORTAL
from chalicelib.usecases.chosen_password import _KEYBOARDS as KEYBOARDS
from chalicelib.web.errors import ERRORS
from chalicelib.web.messages import MESSAGES
from infra.admin.messages import MESSAGES as COMMANDS

ROOT = Path(__file__).parents[2]
TREE = {kind.__name__ for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SeatkeeperError)}
NO_PARAM = {"field", "of", "errors"}
ADAPTERS = {"web": MESSAGES, "portal": PORTAL, "commands": COMMANDS}
BUGS = {"TypeError", "AssertionError", "LookupError", "KeyError", "ValueError"}
"""Their texts are for whoever has made one."""
SILENT = ("domain", "store", "usecases")
"""The folders that hold no sentence."""
OUTSIDE = {
    "ConditionFailed": "never leaves a use case",
    "AlreadyPut": "nor does this",
    "AnsweredBefore": "nor this",
    "NotWritten": "ends a dry run, which a command has begun",
    "Unreadable": "one stored item: whoever reads many counts it, and goes on",
    "UnwritableError": "a ValueError: what is written is no JSON, which is a bug",
    "SettingsError": "ends a start, before there is a call",
    "DeliveryError": "one of a webhook, which answers its `failure`",
    "MailError": "ends the sending of one mail, which is not a call's",
    "RecipientRefused": "so does this, which is one",
}


def sources(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path, ast.parse(path.read_text())


@cache
def made() -> list[tuple[str, str, set[str], str]]:
    """Each making of an error: its class, its message's key, its parameters, and where it is."""
    found = []
    for path, tree in sources("chalicelib", "infra"):
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            code = node.args[0] if node.args else None
            if name not in {*TREE, "_invalid", "_Crowded"} or not isinstance(code, ast.Constant):
                continue
            given = {word.arg: word.value for word in node.keywords if word.arg}
            of = given.get("of")
            key = f"{code.value!s}.{of.value!s}" if isinstance(of, ast.Constant) else str(code.value)
            kind = {"_invalid": "Invalid", "_Crowded": "Unavailable"}.get(name, name)
            found.append((kind, key, set(given) - NO_PARAM, f"{path.relative_to(ROOT)}:{node.lineno}"))
    return found


def template(messages: dict[str, str], key: str) -> str:
    return messages.get(key) or messages.get(key.partition(".")[0]) or ERRORS[key.partition(".")[0]][1]


def test_every_code_that_is_raised_is_of_the_list_and_every_code_of_the_list_is_raised() -> None:
    raised = {key.partition(".")[0] for _, key, _, _ in made()}
    limits = {limit.code for limit in LIMITS}
    by_name = {"missing_hardware_id", "validation_error", "account_locked"}  # chosen among several at one place
    assert raised - set(get_args(Code)) == set()
    assert set(get_args(Code)) - raised - limits - by_name == set()


def test_a_code_has_one_class() -> None:
    kinds = defaultdict(set)
    for kind, key, _, where in made():
        if kind != "SeatkeeperError":
            kinds[key].add((kind, where))
    assert {key: found for key, found in kinds.items() if len({kind for kind, _ in found}) > 1} == {}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_every_error_has_a_message_whose_parameters_it_carries(adapter: str) -> None:
    wrong = []
    for _, key, params, where in made():
        code = key.partition(".")[0]
        if key not in ADAPTERS[adapter] and code not in ADAPTERS[adapter] and code not in ERRORS:
            wrong.append((where, key, "has no message"))
            continue
        needed = {name for _, name, _, _ in Formatter().parse(template(ADAPTERS[adapter], key)) if name}
        if missing := needed - params - {"limit", "used"}:
            wrong.append((where, key, f"lacks {missing}"))
    assert wrong == []


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_no_message_is_of_an_error_that_is_never_raised(adapter: str) -> None:
    variants = {"rate_limit_exceeded.license", "rate_limit_exceeded.user"}  # `of` says whose bucket is empty
    codes = ("second_factor", "recovery_code", "passkey")
    variants |= {f"rate_limit_exceeded.{kind}" for kind in codes}  # … and which codes
    variants |= {"license_not_found.company", "license_not_found.all"}  # … and whether a company was named
    keys = {key for _, key, _, _ in made()} | set(get_args(Code)) | variants
    assert set(ADAPTERS[adapter]) - keys == set()


def test_a_message_is_a_sentence() -> None:
    for adapter, messages in ADAPTERS.items():
        for key, text in messages.items():
            assert len(text.split()) > 1 or key == "field_malformed", (adapter, key)
            assert text.endswith((".", "_ -", "{cause}")) or key in UNFINISHED, (adapter, key)


UNFINISHED = {
    *("database_busy", "database_read_only", "too_many_rivals", "too_many_log_ins", "too_many_device_searches"),
    *("signing_key_unknown", "invalid_json"),
}
"""Messages that stand within a sentence."""


@pytest.mark.parametrize("folder", SILENT)
def test_nothing_below_the_adapters_holds_a_sentence(folder: str) -> None:
    """No text of two words or more but for docstrings, the log, and what tells a programmer of a bug."""
    found = []
    for path, tree in sources(f"chalicelib/{folder}"):
        for node, text in texts(tree):
            if _WORDS.search(text) and text not in NO_SENTENCES:
                found.append((f"{path.relative_to(ROOT)}:{node.lineno}", text))
    assert found == []


def texts(node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """The texts of a module that somebody may be shown, those with values in them as one; values are …"""
    inner: Iterable[ast.AST]
    match node:
        case ast.Expr(value=ast.Constant()):  # a docstring
            return
        case ast.Raise(exc=ast.Call(func=ast.Name(id=name))) if name in BUGS:
            return
        case ast.Call(func=ast.Attribute(value=ast.Name(id="log" | "_log"))):
            return
        case ast.JoinedStr():
            yield node, "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
            inner = (part for part in node.values if not isinstance(part, ast.Constant))
        case ast.Constant(value=str()):
            yield node, str(node.value)
            return
        case _:
            inner = ast.iter_child_nodes(node)
    for child in inner:
        yield from texts(child)


_WORDS = re.compile(r"[^\W\d]{2,}[,:;]? (… )?[^\W\d]{2,}|[A-Z][a-z]+ …")
NO_SENTENCES = {
    *COLUMN_WORDS.values(),
    KEYBOARDS,
    *("begins_with(part, :a)", "part BETWEEN :a AND :b", "pk = :pk AND …"),  # of DynamoDB
}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_every_limit_has_a_sentence(adapter: str) -> None:
    for limit in LIMITS:
        assert template(ADAPTERS[adapter], limit.code), limit.code


def test_every_error_class_is_in_the_tree_and_the_tree_is_drawn() -> None:
    defined = {
        node.name: ast.unparse(node)
        for _, tree in sources("chalicelib")
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        if any(re.search(r"Error|Exception", base) or base in TREE for base in map(ast.unparse, node.bases))
    }
    private = {name for name in defined if name.startswith("_")}
    assert set(defined) - set(TREE) - private == set(OUTSIDE)
    for name in TREE:
        assert name in (errors.__doc__ or ""), name
