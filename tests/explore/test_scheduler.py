"""Nothing of a schedule is left to chance, or to the time that it is."""

import importlib
import os
import pkgutil
import secrets
import time
from inspect import getsource
from types import ModuleType

import chalicelib
from chalicelib.usecases import passwords
from tests.explore.pairs import walk_named
from tests.explore.scheduler import CHANCE

ONLY_FOR_READERS = {
    "chalicelib.bootstrap": "the clock of the runtime: use cases are given theirs",
    "chalicelib.mail.sender": "names of files, and nothing that is decided",
    "chalicelib.observability": "logs",
    "chalicelib.portal.batch": "an adapter",
    "chalicelib.portal.handlers": "an adapter",
    "chalicelib.usecases.portal_queries.listing": "how long a list is looked through",
    "chalicelib.usecases.portal_queries.people": "likewise, for a file",
    "chalicelib.web.clock": "an adapter",
    "chalicelib.webhooks.sockets": "how long an address elsewhere may take",
}
"""Modules that may draw or look at the time by themselves, and why no schedule has any of it."""


def modules() -> list[ModuleType]:
    found = pkgutil.walk_packages(chalicelib.__path__, "chalicelib.")
    return [importlib.import_module(each.name) for each in found]


def test_whatever_is_drawn_or_waited_for_comes_from_the_schedule() -> None:
    replaced = {(target, name) for target, name, _ in CHANCE}
    drawn = set(secrets.__all__) - {"compare_digest"}
    forgotten = []
    for module in modules():
        for name, value in vars(module).items():
            is_drawn = value is time or any(value is getattr(secrets, one) for one in drawn)
            if is_drawn and module.__name__ not in ONLY_FOR_READERS and (module, name) not in replaced:
                forgotten.append((module.__name__, name))
    assert forgotten == []
    assert (os, "urandom") in replaced
    used = {name for name in drawn if any(f"secrets.{name}(" in getsource(module) for module in modules())}
    assert used <= {name for target, name in replaced if target is secrets}


def test_what_a_process_draws_but_once_is_of_no_task_whichever_comes_first() -> None:
    passwords._nobody.cache_clear()  # noqa: SLF001 - as in a process that has just begun
    assert walk_named("log-in+close@account/initial~1").found == []
