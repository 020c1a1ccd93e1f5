"""What a use case did: its answer and the change of the stored items, in words that are equal from run to run."""

import json
import re
from dataclasses import dataclass, field, fields
from typing import Any

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.store import reads
from chalicelib.store.due import due_shard
from chalicelib.store.items.events import RefusalItem
from chalicelib.store.items.kinds import kind_of
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.items.work import DueItem
from chalicelib.store.keys import (
    COMPANIES,
    company_license_sort_key,
    count_sort_key,
    deleted_license_sort_key,
    due_pk,
    portal_host_pk,
    refusals_pk,
)
from chalicelib.store.schema import Raw
from tests.store.case import Case
from tests.store.faults import WRITES, Fault, Wire, wire
from tests.support import Vendor

ACCOUNTS, LICENSES = LookupItem.Meta.table_name, LicenseItem.Meta.table_name

_RANDOM = (
    (re.compile(r"\bskm_\w+"), "MANAGEMENT KEY"),
    (re.compile(r"\bT[0-9A-F]{12}"), "COMPANY"),
    (re.compile(r"\bt[0-9a-f]{12}\b"), "company"),  # in the name of a host
    (re.compile(r"\bCOMPANY-[0-9a-f]{32}\b"), "API KEY"),
    (re.compile(r"(text_hash(?:='|\": {\"S\": \"))[^'\"]+"), r"\1HASH"),
    (re.compile(r"\b[2-9A-HJ-NP-Z]{5}(-[2-9A-HJ-NP-Z]{5}){4}\b"), "LICENSE KEY"),
    (re.compile(r"(#\d{13}#)[A-Z2-7]{10}\b"), r"\1EVENT"),
    (re.compile(r"\b[1-9]\d{18,19}\b"), "EPOCH"),
    (re.compile(r"\bdue#\d+\b"), "due#SHARD"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"\bordered#[0-9a-f]{24}\b"), "ordered#ORDER"),
    (re.compile(r"\$argon2id[^'\"]+"), "HASH"),
    (re.compile(r"(invitation_hash(?:='|\": {\"S\": \"))[^'\"]+"), r"\1HASH"),
    (re.compile(r'"[0-9a-f]{24}"'), '"HASH"'),  # of recovery codes, and of a log-in with a code
    (re.compile(r'(\\"(?:id|public_key)\\": \\")[\w-]+'), r"\1PASSKEY"),
    (re.compile(r"(sealed_\w+(?:='|\": {\"S\": \"))[^'\"]+"), r"\1SEALED"),
)
MOVED_BESIDES = {"validity_period"}
"""Terms that another write moves, too, on conditions of its own: a first activation sets the end of a license."""
_ID = re.compile(r"\b0?([1-9]\d{14})\b")


@dataclass(frozen=True)
class Effects:
    """Of one run of a case."""

    answer: str
    changes: list[str]
    """Items that were added, removed or changed."""
    events: list[str]
    """The types of the events among them."""
    wire: Wire = field(compare=False)
    """What was sent; each of its bodies is one write."""


def effects(case: Case, fault: Fault | None = None, at: range = range(0)) -> Effects:
    """Run a case for a vendor of its own; the writes with numbers in `at` meet the fault. The audit finds nothing."""
    vendor = Vendor()
    prepared = case.prepare(vendor)
    before = stored(vendor.code)
    with wire(fault, at, WRITES) as sent:
        try:
            answer = case.act(vendor, prepared)
        except SeatkeeperError as refused:
            answer = refused.code
    after = stored(vendor.code)
    assert vendor.differences() == [], "the audit finds differences"
    keys = sorted(key for key in before | after if before.get(key) != after.get(key))
    rows = [after[key] for key in keys if key in after and key[2].startswith("at#")]
    answers = {name for row in rows for name in _told(row)}
    for key in keys:
        if key in before and key in after:
            _guard_revised(key[0], before[key], after[key], answers)
    changes = sorted(_plain(json.dumps([key, before.get(key), after.get(key)], sort_keys=True)) for key in keys)
    return Effects(_plain(repr(answer)), changes, sorted(row["type"]["S"] for row in rows), sent)


def stored(code: str) -> dict[tuple[str, str, str], Raw]:
    """All items of the companies whose codes start so, by table and key, but for attempts: those may be lost."""
    links = _partition(LookupItem, COMPANIES, code)
    found = links.copy()
    for _, _, company in links:
        account = _partition(LookupItem, company)
        for host in (item["portal_host"]["S"] for item in account.values() if "portal_host" in item):
            found |= _partition(LookupItem, portal_host_pk(host))
        found |= _summed(account) | _partition(RefusalItem, refusals_pk(company))
        for license_id in [
            int(part.rpartition("#")[2])
            for *_, part in account
            if part.startswith((company_license_sort_key(), deleted_license_sort_key()))
        ]:
            found |= _partition(LookupItem, f"license#{license_id}")
            found |= _partition(LicenseItem, f"{company}#{license_id}")
            due = _partition(DueItem, due_pk(due_shard(company, license_id)))
            found |= {key: item for key, item in due.items() if item["company"]["S"] == company}
    return found


def _summed(account: dict[tuple[str, str, str], Raw]) -> dict[tuple[str, str, str], Raw]:
    """Counters of one noun as one: which of them counts a thing follows from its id, which is drawn at random."""
    others = {key: item for key, item in account.items() if not key[2].startswith(count_sort_key())}
    for (table, pk, part), item in sorted(account.items()):
        if part.startswith(count_sort_key()):
            all_of_noun = (table, pk, part[: part.rindex("#") + 1])
            sum = others.setdefault(all_of_noun, item | {"part": {"S": all_of_noun[2]}, "number": {"N": "0"}})
            number = item.get("number", {"N": "0"})["N"]
            others[all_of_noun] = sum | {"number": {"N": str(int(sum["number"]["N"]) + int(number))}}
    return others


def _told(row: Raw) -> set[str]:
    """The fields that an event names."""
    detail: dict[str, Any] = json.loads(row.get("detail", {}).get("S", "{}"))
    return set(detail) | set(str(detail.get("changed", "")).split(", "))


def _guard_revised(table: str, before: Raw, after: Raw, expected: set[str]) -> None:
    """That whoever has changed the terms of an item has moved its revision, and said in an event which they are."""
    kind: Any = kind_of(table, after).item
    stored_as = {name: attribute.attr_name for name, attribute in kind.get_attributes().items()}
    if "revision" not in stored_as or kind.value_type is None:
        return
    moved = {name for name, stored in stored_as.items() if before.get(stored) != after.get(stored)}
    terms = moved & {f.name for f in fields(kind.value_type)} - kind.guarded - MOVED_BESIDES - {"revision"}
    assert not terms or "revision" in moved, f"{kind.__name__}: {sorted(terms)} moved, and no revision"
    assert terms <= expected, f"{kind.__name__}: no event names {sorted(terms - expected)}"


def _partition(kind: Any, pk: str, prefix: str = "") -> dict[tuple[str, str, str], Raw]:
    """All that is stored there, by table and key."""
    found = reads.query_raw(kind, pk, prefix)
    return {(kind.Meta.table_name, pk, item["part"]["S"]): _in_order(item) for item in found}


def _in_order(item: Raw) -> Raw:
    """Sets have no order: they get one."""
    return {name: {kind: sorted(v) if kind == "SS" else v for kind, v in typed.items()} for name, typed in item.items()}


def _plain(text: str) -> str:
    """Without what is drawn at random: of an id, what stays is the second in which it was made.

    Not the millisecond: an id that is in use is drawn again a little later.
    """
    for pattern, name in _RANDOM:
        text = pattern.sub(name, text)
    return _ID.sub(lambda found: f"ID of {(int(found[1]) >> 12) // 1000}", text)
