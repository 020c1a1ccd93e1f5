"""Licenses of another system: each is made of its row once, whoever brings it in at the same time, and follows it. A
file of them is counted once, whoever goes on with it.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from chalicelib.domain.errors import NotFound, Unavailable
from chalicelib.domain.license import License
from chalicelib.domain.license_rows import license_row
from chalicelib.domain.source_rows import SourceRow
from chalicelib.domain.terms import Terms
from chalicelib.store import accounts, histories, import_results, licenses
from chalicelib.usecases.change_license import set_enabled
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.delete_license import delete_license
from chalicelib.usecases.import_files import continue_import, continue_imports, start_import
from chalicelib.usecases.import_license import import_license
from chalicelib.usecases.issue_license import issue_license
from tests.explore.engine import State
from tests.explore.scheduler import controlled
from tests.explore.serial import SerialDeed
from tests.explore.worlds import new_engine
from tests.support import ADMIN, DAY, NOW, Vendor

STARTS = ("new", "imported", "file", "half")
"""Nothing was brought in; one license was, of a row without a key; a file of two was taken in; or half of it is done.
"""
KEY = "key/of+theirs=="
ROW: dict[str, Any] = {"id": "17", "product": "viewer", "max_activations": 2}
KEYED = ROW | {"id": "18", "license_key": KEY}
FILE = f"id,license__license_key,product__short_code,license__max_activations\n17,,viewer,2\n18,{KEY},viewer,2"


@dataclass(frozen=True, slots=True, eq=False)
class ImportWorld:
    """A vendor who comes from another system."""

    name: str
    state: State
    vendor: Vendor
    license: int
    """That was brought in; 0: none was."""
    file: int
    """That was taken in; 0: none was."""
    now: int = NOW
    """When it is called."""


@cache
def world(start: str) -> ImportWorld:
    """The world of that start. Always the same one, to the last id."""
    engine = new_engine({})
    with controlled(engine):
        vendor, file = Vendor(now=NOW - DAY), 0
        here = ImportWorld(start, {}, vendor, 0, 0, now=vendor.now)
        if start == "imported":
            _import(ROW)(here)
        if start in ("file", "half"):
            file = start_import(vendor.code, "licenses", FILE, "", ADMIN, now=NOW - DAY).id
        if start == "half":
            continue_import(vendor.code, "licenses", file, lambda: NOW - DAY, lambda: False)
        made = accounts.find_made_of_row(vendor.code, SourceRow("csv", ROW["id"]))
    return ImportWorld(start, engine.state, vendor, 0 if made is None else made.license_id, file)


def view(world: ImportWorld) -> object:
    """What is stored of licenses, which of them is of the row, and what their histories say."""
    code = world.vendor.code
    sold = [license for id in licenses.license_ids(code) if (license := licenses.read_license(code, id)) is not None]
    events = [*histories.company_events(code), *(event for one in sold for event in licenses.events(code, one.id))]
    of_row = accounts.find_made_of_row(code, SourceRow("csv", ROW["id"]))
    return {
        "licenses": sorted((*_license(one), of_row is not None and one.id == of_row.license_id) for one in sold),
        "files": [
            (file.status, file.done, file.result, len([*import_results.jobs()]))
            for file in import_results.read_page(code, "licenses", after=None, limit=9)
        ],
        "events": sorted(Counter(event.type for event in events).items()),
    }


def _license(license: License) -> tuple[str, int, bool]:
    """Its key, if it was given one, its limit, and whether it is enabled."""
    key = KEY if license.license_key == KEY else "drawn"
    return key, license.max_activations or 0, license.enabled


def _import(row: dict[str, Any]) -> Callable[[ImportWorld], None]:
    def do(world: ImportWorld) -> None:
        until = world.now + 90 * DAY
        import_license(world.vendor.code, license_row(row, ""), "csv", ADMIN, adopt_until=until, now=world.now)

    return do


def _issue(world: ImportWorld) -> None:
    terms = Terms("perpetual", 5, license_key=KEY)
    issue_license(world.vendor.code, "viewer", terms, None, ADMIN, now=world.now)


def _to_it(use_case: Callable[..., object], *given: object) -> Callable[[ImportWorld], None]:
    def do(world: ImportWorld) -> None:
        use_case(world.vendor.code, world.license, *given, ADMIN, now=world.now)

    return do


def _delete(world: ImportWorld) -> None:
    with suppress(NotFound):  # somebody else has begun it: who comes then may finish it, or find nothing any more
        delete_license(world.vendor.code, world.license, ADMIN, now=world.now)


def _continue(world: ImportWorld) -> None:
    """Until it is done, or others have come first."""
    continue_import(world.vendor.code, "licenses", world.file, lambda: world.now, lambda: True)


def _continue_all(world: ImportWorld) -> None:
    if continue_imports(lambda: world.now, lambda: True)["imports_failed"]:
        raise Unavailable("database_busy")  # the next sweep tries it again


def _all() -> Iterator[SerialDeed]:
    yield SerialDeed("import", _import(ROW))
    yield SerialDeed("import-more", _import(ROW | {"max_activations": 3}))
    yield SerialDeed("import-key", _import(KEYED))
    yield SerialDeed("issue-key", _issue)
    yield SerialDeed("sell-less", _to_it(change_terms, {"max_activations": 1}))
    yield SerialDeed("disable", _to_it(set_enabled, False))
    yield SerialDeed("delete-license", _delete, in_steps=True)
    yield SerialDeed("continue", _continue, repeats=True)
    yield SerialDeed("continue-all", _continue_all, repeats=True)


DEEDS: dict[str, SerialDeed] = {deed.name: deed for deed in _all()}
FROM = {
    "new": ("import", "import-more", "import-key", "issue-key"),
    "imported": ("import", "import-more", "import-key", "issue-key", "sell-less", "disable", "delete-license"),
    "file": ("continue", "continue-all"),
    "half": ("continue", "continue-all", "import", "issue-key"),
}
"""As long as nothing was brought in, what makes a license; with a file, who goes on with it, and what is in their way.
"""
