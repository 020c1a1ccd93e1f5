"""No module of ours keeps what changes: what outlives a request is the runtime's (`chalicelib.runtime`).

A test that goes red here says that two stages in one process would share something.
"""

import ast
import dataclasses
import decimal
import importlib
import inspect
import logging
import pkgutil
import re
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import date, timedelta, tzinfo
from email.policy import EmailPolicy
from functools import _lru_cache_wrapper
from ipaddress import IPv4Network, IPv6Network
from itertools import chain
from json import JSONDecoder
from pathlib import PurePath
from types import ModuleType
from typing import Any, ParamSpec, TypeVar

import pytest
from botocore.config import Config
from chalice.app import Blueprint

import chalicelib
import infra
from chalicelib.store.attributes import Attribute
from chalicelib.store.expressions import Condition
from chalicelib.store.schema import Reader, Rows
from chalicelib.web.endpoint import Endpoints

CONSTANT = (
    *(
        str,
        bytes,
        int,
        float,
        type(None),
        re.Pattern,
        PurePath,
        date,
        timedelta,
        tzinfo,
        frozenset,
        IPv4Network,
        IPv6Network,
    ),
    *(type, ModuleType, TypeVar, ParamSpec, ContextVar, logging.Logger),
    *(
        JSONDecoder,
        Config,
        EmailPolicy,
        Attribute,
        Condition,
        Reader,
        Rows,
        type(dataclasses.MISSING),
    ),  # told all when they are made
    decimal.Context,
    *(Blueprint, Endpoints),  # routes are registered while their module is imported
)
REMEMBER = {
    "infra.bench.profile.layer_of",
    "infra.answers._date",
    "infra.wsgi._peer",
    "infra.embedded.expressions._compiled",
    "infra.embedded.tables._ids",
    "infra.embedded.tables._select",
    "chalicelib.domain.days._zone",
    "chalicelib.domain.days.time_zones",
    "chalicelib.usecases.portal_queries.listing._words",
    "chalicelib.domain.email.display_email",
    "chalicelib.languages._files",
    "chalicelib.languages._read",
    "chalicelib.mail.letter._template",
    "chalicelib.store.expressions._numbered",
    "chalicelib.management.openapi.document",
    "chalicelib.portal.assets._served",
    "chalicelib.portal.render._environment",
    "chalicelib.portal.render.static_path",
    "chalicelib.signing._signature",
    "chalicelib.usecases.chosen_password.common_passwords",
    "chalicelib.usecases.passwords.hasher",
    "chalicelib.usecases.passwords._nobody",
    "chalicelib.version.commit",
    "chalicelib.web.hmac_signature._read_date",
    "chalicelib.webauthn._server",
}
"""Functions that remember: each answers by its arguments and by the code alone, which no stage changes."""
NO_STATE = {
    *("infra.embedded.process_lock._open", "infra.embedded.database._opened_by"),  # files that the process has open
    "infra.embedded.values._exact",  # its `add` adds numbers
    "infra.lead._this_thread",  # which server a thread leads: each has threads of its own
}
CHANGING = {"append", "extend", "insert", "add", "update", "setdefault", "pop", "popitem", "clear", "remove", "discard"}


def modules() -> Iterator[ModuleType]:
    """Every module of ours."""
    for package in (chalicelib, infra):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def is_constant(value: Any) -> bool:
    """Whether a value is one that nothing changes; of a list, set or dict the code says whether it is changed."""
    if isinstance(value, tuple | list | set | frozenset):
        return all(map(is_constant, value))
    if isinstance(value, dict):
        return all(map(is_constant, value.values()))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        params: Any = getattr(type(value), "__dataclass_params__")  # noqa: B009
        return bool(params.frozen)
    is_typing = type(value).__module__ in {"typing", "typing_extensions", "types"} or hasattr(value, "__origin__")
    return isinstance(value, CONSTANT) or is_typing or inspect.isroutine(value)


def changed_names(tree: ast.Module) -> Iterator[str]:
    """Names of the module that its functions change, or bind anew."""
    assigned = [line for line in tree.body if isinstance(line, ast.Assign | ast.AnnAssign)]
    kept = {name.id for line in assigned for name in ast.walk(line) if isinstance(name, ast.Name) and is_bound(name)}
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)):
        for node in ast.walk(function):
            if isinstance(node, ast.Global):
                yield from node.names
            of = node.value if isinstance(node, ast.Attribute | ast.Subscript) else None
            changes = (isinstance(node, ast.Attribute) and node.attr in CHANGING) or (
                isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load)
            )
            if changes and isinstance(of, ast.Name) and of.id in kept and of.id not in local_names(function):
                yield of.id


def is_bound(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def local_names(function: ast.FunctionDef | ast.Lambda) -> set[str]:
    named = {name.id for name in ast.walk(function) if isinstance(name, ast.Name) and is_bound(name)}
    return named | {argument.arg for argument in ast.walk(function) if isinstance(argument, ast.arg)}


def state_of(name: str, source: str, values: dict[str, Any]) -> list[str]:
    """What a module keeps that is no constant."""
    own = {key: value for key, value in values.items() if not key.startswith("__")}
    remembering = {
        f"{name}.{key}"
        for key, value in own.items()
        if isinstance(value, _lru_cache_wrapper) and value.__module__ == name
    }
    kept = [f"{name}.{key}" for key, value in own.items() if not is_constant(value)]
    changed = [f"{name}.{key}" for key in changed_names(ast.parse(source))]
    return sorted({*kept, *changed, *(remembering - REMEMBER)} - NO_STATE)


def test_no_module_keeps_what_changes() -> None:
    found = [state_of(module.__name__, inspect.getsource(module), vars(module)) for module in modules()]
    assert list(chain.from_iterable(found)) == []


@pytest.mark.parametrize(
    "source",
    [
        "seen = 0\ndef f():\n    global seen\n    seen = 1\n",
        "seen = []\ndef f(x):\n    seen.append(x)\n",
        "seen = {}\ndef f(x):\n    seen[x] = 1\n",
        "seen = {}\ndef f(x):\n    del seen[x]\n",
        "from threading import Lock\nlock = Lock()\n",
        "from collections import OrderedDict\nfrom threading import BoundedSemaphore\nturns = BoundedSemaphore(2)\n",
        "from chalicelib.cache import TtlCache\nkept = TtlCache(1, None)\n",
        "from itertools import count\nnumbers = count()\n",
        "from functools import cache\n@cache\ndef settings():\n    return 1\n",
    ],
)
def test_whatever_a_module_may_keep_is_found(source: str) -> None:
    module: dict[str, Any] = {"__name__": "sample"}
    exec(source, module)  # noqa: S102 - the sources above
    assert len(state_of("sample", source, module)) == 1
