"""A home that older code has written, in the tables of this process, with the secrets that it was sealed with."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from app import app
from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import runtime, using
from chalicelib.store.writes import BATCH_WRITE_LIMIT
from chalicelib.usecases.audit import audit, audit_counts, audit_due, audit_links
from infra.admin.differences import difference, differences
from infra.wsgi import wsgi
from tests.homes.make import HOMES, TABLES
from tests.portal.browser import Browser
from tests.store.seam import ask, every_item
from tests.support import Application

_SHARED = ("companies", "due#")
"""How partitions begin that other companies have items in."""


@dataclass(frozen=True)
class Home:
    """What `make` has noted of a home."""

    company: str
    api_key: str
    shared_key: str
    password: str
    """Of everybody who has chosen one."""
    licenses: dict[str, Any]

    def application(self) -> Application:
        """The application of the vendor, built in the time of the home."""
        there = httpx.Client(transport=httpx.WSGITransport(wsgi(app)), base_url="http://license.test")
        return Application(self.api_key, self.shared_key, there)

    def browser(self, email: str) -> Browser:
        """Somebody who has logged in."""
        browser = Browser()
        assert browser.log_in(self.company, email, self.password).status == 200
        return browser

    def id(self, name: str) -> int:
        """Of the license that `make` calls so."""
        return int(self.licenses[name]["id"])

    def key(self, name: str) -> str:
        return str(self.licenses[name]["key"])

    def differences(self) -> list[str]:
        """What the audit finds wrong."""
        counted = [sentence for _, found in audit(self.company) for sentence in differences(found)]
        named = [difference(fault) for _, faults in audit_links(self.company) for fault in faults]
        named += [difference(fault) for fault in audit_counts(self.company)]
        return counted + named + [difference(fault) for _, fault in audit_due(self.company) if fault is not None]


def names() -> list[str]:
    """The commits whose homes are kept."""
    return sorted(path.parent.name for path in HOMES.glob("*/home.json"))


def noted_of(name: str) -> dict[str, Any]:
    """What `make` has noted of a home: what `Home` says, its secrets, and what it has handed out."""
    noted: dict[str, Any] = json.loads((HOMES / name / "home.json").read_text())
    return noted


def items(name: str, table: str) -> list[dict[str, Any]]:
    """The items of a table, as DynamoDB writes them."""
    found: list[dict[str, Any]] = json.loads((HOMES / name / f"{table}.json").read_text())
    return found


def as_newer(item: dict[str, Any]) -> dict[str, Any]:
    """An item as newer code may write it: with attributes, and parts of those in JSON, that nobody knows here."""
    more: dict[str, Any] = {"S": "new", "N": "1", "BOOL": True, "NULL": True, "SS": ["new"], "L": [], "M": {}}
    unknown = {f"new_{type.lower()}": {type: value} for type, value in more.items()}
    known: dict[str, Callable[[Any], Any]] = {
        "facts": _longer,
        "variables": _each(_wider),
        "people": _each(_longer),
        "outcome": _wider,
        "detail": _wider,
    }
    written = {name: {"S": json.dumps(known[name](json.loads(item[name]["S"])))} for name in known if name in item}
    return item | written | unknown


def _longer(row: list[Any]) -> list[Any]:
    return [*row, "new"]


def _wider(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {"new": "new"}


def _each(change: Callable[[Any], Any]) -> Callable[[list[Any]], list[Any]]:
    return lambda rows: [change(row) for row in rows]


@contextmanager
def opened(name: str, changed: Callable[[dict[str, Any]], dict[str, Any]] = dict) -> Iterator[Home]:
    """A home as it was kept, whatever was done with it before; our secrets are its secrets meanwhile."""
    noted = noted_of(name)
    for table in TABLES:
        _load(table, noted["company"], [changed(item) for item in items(name, table)])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "secrets.json"
        path.write_text(json.dumps(noted["secrets"]))
        of_home = bootstrap(os.environ | {"SEATKEEPER_SECRETS": f"file:{path}"})
        with using(replace(of_home, database=runtime().database)):
            yield Home(**{field: noted[field] for field in Home.__dataclass_fields__})


def _load(table: str, company: str, kept: list[dict[str, Any]]) -> None:
    """Put the items of a home in the place of all that the company has."""
    name = f"{os.environ['SEATKEEPER_TABLE_PREFIX']}-{table}"
    stored = [item for item in every_item(table) if _is_of(company, item)]
    keys = [{part: item[part] for part in ("pk", "part") if part in item} for item in stored]
    _write(name, [{"DeleteRequest": {"Key": key}} for key in keys])
    _write(name, [{"PutRequest": {"Item": item}} for item in kept])


def _write(table: str, requests: list[dict[str, Any]]) -> None:
    for start in range(0, len(requests), BATCH_WRITE_LIMIT):
        left = ask("BatchWriteItem", RequestItems={table: requests[start : start + BATCH_WRITE_LIMIT]})
        assert not left["UnprocessedItems"]


def _is_of(company: str, item: dict[str, Any]) -> bool:
    pk: str = item["pk"]["S"]
    return company in pk.split("#") or (pk.startswith(_SHARED) and company in str(item))
