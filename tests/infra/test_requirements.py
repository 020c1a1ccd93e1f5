"""What serves is locked by hashes, with all that it needs, and needs nothing of what tests."""

import ast
import re
import sys
from importlib.metadata import packages_distributions, requires, version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.stage.stages import ROOT

INSTALLERS = {"pip", "setuptools", "wheel"}  # of whoever made the environment, until `make` has been there
OURS = {"app", "chalicelib", "infra"}
SOURCES = [ROOT / "app.py", *sorted((ROOT / "chalicelib").rglob("*.py")), *sorted((ROOT / "infra").rglob("*.py"))]


def locked(name: str) -> dict[str, str]:
    """The versions of a lock, by canonical name."""
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE)
    return {canonicalize_name(distribution): version for distribution, version in pinned}


def required(name: str) -> list[Requirement]:
    """The lines of a file of requirements, and of those that it includes."""
    found = []
    for line in (ROOT / name).read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            found += required(text.removeprefix("-r ").strip())
        elif text:
            found.append(Requirement(text))
    return found


SERVES = locked("requirements-serve.lock")


def test_what_serves_imports_nothing_of_what_tests() -> None:
    """Also what is imported late: each import statement of the server, the commands and the deployment."""
    owners, strange = packages_distributions(), []
    for source in SOURCES:
        for name in imported(ast.parse(source.read_text())) - sys.stdlib_module_names - OURS:
            if not {canonicalize_name(owner) for owner in owners.get(name, [])} & SERVES.keys():
                strange.append(f"{source.relative_to(ROOT)}: {name}")
    assert strange == []


def imported(tree: ast.Module) -> set[str]:
    """The top-level packages that a module imports."""
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("name", ["requirements", "requirements-serve"])
def test_a_lock_pins_each_requirement_and_each_line_of_it_has_hashes(name: str) -> None:
    lock = f"{name}.lock"
    pinned = {f"{canonicalize_name(needed.name)}{needed.specifier}" for needed in required(f"{name}.txt")}
    assert pinned <= {f"{name}=={version}" for name, version in locked(lock).items()}, "run `make lock`"
    entries = re.split(r"^(?=[A-Za-z0-9])", (ROOT / lock).read_text(), flags=re.MULTILINE)[1:]
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_server_has_the_versions_that_ship_and_that_are_tested() -> None:
    assert locked("requirements.lock").items() <= SERVES.items(), "run `make lock`"
    tested = {name: version(name) for name in SERVES.keys() - INSTALLERS}
    assert tested.items() <= SERVES.items(), "remove .venv, and run `make` again"


def test_each_requirement_is_pinned_to_one_version() -> None:
    loose = [str(needed) for needed in required("requirements-dev.txt") if not str(needed.specifier).startswith("==")]
    assert loose == []


def test_the_lock_holds_all_that_its_lines_need_in_turn() -> None:
    """Else pip refuses the whole lock on a fresh machine: with hashes nothing is taken that is not in it."""
    needed = {
        canonicalize_name(need.name)
        for name in SERVES.keys() - INSTALLERS
        for need in map(Requirement, requires(name) or [])
        if need.marker is None or need.marker.evaluate({"extra": ""})
    }
    assert needed - SERVES.keys() == set()
