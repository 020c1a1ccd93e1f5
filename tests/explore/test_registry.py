"""No use case that writes is forgotten by the walks: each is named in the registry, with its deeds or with a reason."""

import ast
import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Collection, Iterator
from inspect import getsource, isclass, isfunction, unwrap
from types import ModuleType
from typing import Any, TypeGuard

from chalicelib import store, usecases
from chalicelib.store import transactions, writes
from tests.explore.registry import NOT_WALKED, WALKED
from tests.explore.scenes import SCENES

USE_CASES, STORE = f"{usecases.__name__}.", f"{store.__name__}."
SENDERS = (transactions, writes)
"""The two modules that send a write."""


def sources(package: ModuleType) -> dict[ModuleType, str]:
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return {module: getsource(module) for module in (importlib.import_module(each.name) for each in found)}


def functions(module: ModuleType, source: str) -> Iterator[tuple[Any, ast.AST]]:
    """Those that a module defines, each with its code; its classes, since what one does its methods do; and its tables,
    since who goes through one calls what stands in it.
    """
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield as_key(vars(module)[node.name]), node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((as_key(vars(module)[one.id]), node) for one in targets if is_table(one, vars(module)))


def is_table(target: ast.expr, names: dict[str, Any]) -> TypeGuard[ast.Name]:
    """Whether something is assigned that holds others: of what equals, such as a number, there may be one for many."""
    return isinstance(target, ast.Name) and isinstance(names.get(target.id), Collection) and bool(names[target.id])


def as_key(used: Any) -> Any:
    """What a function, a class or a table is known by."""
    return unwrap(used) if isfunction(used) or isclass(used) else id(used)


def used_in(code: ast.AST, names: dict[str, Any]) -> Iterator[Any]:
    """What a piece of code names of its module, and of the modules that this imports."""
    for node in ast.walk(code):
        if isinstance(node, ast.Name):
            yield names.get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = names.get(node.value.id)
            if isinstance(module, ModuleType):
                yield getattr(module, node.attr, None)


def writing(all_sources: dict[ModuleType, str]) -> set[str]:
    """Public functions of use cases that write by themselves, not only by calling others of them."""
    users: dict[object, set[Any]] = defaultdict(set)
    for module, source in all_sources.items():
        for function, code in functions(module, source):
            for used in used_in(code, vars(module)):
                if isfunction(used) or isclass(used) or isinstance(used, Collection):
                    users[as_key(used)].add(function)
    todo: list[Any] = [transactions.Transaction, *(function for function, _ in functions(writes, getsource(writes)))]
    found = set[str]()
    while todo:
        for function in users.pop(todo.pop(), ()):
            if isinstance(function, int):
                todo.append(function)
                continue
            name = f"{function.__module__}.{function.__name__}"
            if name.startswith(USE_CASES) and not function.__name__.startswith("_"):
                found.add(name.removeprefix(USE_CASES))
            else:
                todo.append(function)
    return found


def test_each_use_case_that_writes_is_walked_or_it_is_said_why_not() -> None:
    writers = writing(sources(usecases) | sources(store))
    assert writers == WALKED.keys() | NOT_WALKED.keys(), "name it in tests/explore/registry.py, and walk it"
    assert not WALKED.keys() & NOT_WALKED.keys()


def test_a_new_use_case_that_writes_is_found() -> None:
    new = ModuleType(f"{USE_CASES}wishes")
    code = (
        "def grant(): return _put()\ndef _put(): return writes.put(None)\ndef grant_two(): return grant()\n"
        "STEPS = {'put': (_put, 1)}\ndef grant_all(): return [step() for step, _ in STEPS.values()]\n"
        "LATER: list = [lambda: writes.put(None)]\ndef grant_later(): return LATER[0]()\nNONE = ()\n"
        "def refuse(): return NONE\n"
    )
    vars(new)["writes"] = writes
    exec(code, vars(new))  # noqa: S102 - our own text
    assert writing({new: code}) == {"wishes.grant", "wishes.grant_all", "wishes.grant_later"}


def test_what_the_registry_names_is_walked_and_what_is_walked_it_names() -> None:
    deeds = {f"{deed}@{kind}" for kind, scene in SCENES.items() for deed in scene.deeds}
    assert {deed for names in WALKED.values() for deed in names} == deeds


def test_only_two_modules_send_a_write() -> None:
    """So whatever writes is found by what it calls."""
    sent = ("TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem")
    calls = {f'{dispatch}("{one}"' for dispatch in ("dispatch", "dispatch_batch") for one in sent}
    every = sources(usecases) | sources(store)
    assert {module for module, code in every.items() if any(call in code for call in calls)} == set(SENDERS)
