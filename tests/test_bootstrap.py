"""Nothing happens at import: the composition root alone reads the environment and opens clients."""

import os
import subprocess
import sys

IMPORT_ALL = """
import importlib, pkgutil, socket
import chalicelib, infra

def refuse(*_):
    raise AssertionError("a module connects while it is imported")

socket.socket.connect = refuse
for package in (chalicelib, infra):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)

from chalicelib import settings, signing
from chalicelib.store import database

print([made.cache_info().currsize for made in (settings.settings, settings.secrets, database.connection)])
"""


def test_every_module_is_imported_where_the_environment_says_nothing() -> None:
    run = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout, run.returncode) == ("[0, 0, 0]\n", 0), run.stderr
