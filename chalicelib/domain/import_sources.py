"""From the files that a license system exports to the rows of an import, which are alike for all of them.

What is exported is what its public API answers: lists of licenses, and of what belongs to them, in any order of files.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter

from chalicelib.domain.errors import NotFound
from chalicelib.domain.import_files import FileRow, read_rows
from chalicelib.domain.license import Overage
from chalicelib.domain.source_rows import System
from chalicelib.domain.types import Json, JsonValue

_DAY_SECONDS, _HOUR_SECONDS = 86_400, 3600
_INTERVAL = re.compile(r"P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(\d{1,5})H)?", re.ASCII)


def import_rows_of(system: System, texts: Sequence[str], products: Mapping[str, str]) -> Iterator[FileRow]:
    """The rows of files, numbered through, in the words of `domain.license_rows`.

    `products`: the codes of products here, by what the system calls them; those that are not in it have the same.
    Raises `Invalid` where a file cannot be read.
    """
    given = chain.from_iterable(map(read_rows, texts))
    numbered = (FileRow(number, row.row, row.problem) for number, row in enumerate(given, start=1))
    for row in _OF_SYSTEM[system](numbered):
        yield FileRow(row.number, _with_product(row.row, products), row.problem)


def _with_product(row: Json, products: Mapping[str, str]) -> Json:
    named = row.get("product")
    theirs = named.get("short_code") if isinstance(named, dict) else named
    return row | {"product": products[theirs]} if isinstance(theirs, str) and theirs in products else row


def _of_tables(rows: Iterable[FileRow]) -> Iterator[FileRow]:
    """A row with a hardware id is a device: of the license in these files whose key, or else whose `id`, it names."""
    licenses, devices = list[FileRow](), defaultdict[tuple[str, str], list[FileRow]](list)
    for row in rows:
        if "hardware_id" in row.row:
            devices[next(_names_of_license(row.row), ("", ""))].append(row)
        else:
            licenses.append(row)
    for number, license, problem in licenses:
        own = [device.row for name in _names_of_license(license) for device in devices.pop(name, ())]
        given = license.get("devices") or []
        both = license | {"devices": [*given, *own]} if own and isinstance(given, list) else license
        yield FileRow(number, both, problem)
    for number, device, problem in chain.from_iterable(devices.values()):
        yield FileRow(number, device, problem or NotFound("license_not_found", field="license_key"))


def _names_of_license(row: Json) -> Iterator[tuple[str, str]]:
    """The key and the id of a license, as far as its row, or that of a device, has them."""
    return ((column, name) for column in ("license_key", "id") if (name := _name(row.get(column))))


# --- LicenseSpring: licenses, devices and histories of its Management API -----------------------------------------


def _licensespring(rows: Iterable[FileRow]) -> Iterator[FileRow]:
    """Devices stand in files of their own and name their license by its id; whose each is, the histories alone say, in
    any order: who had it last has it."""
    licenses, devices, said = list[FileRow](), defaultdict[str, list[Json]](list), list[tuple[str, str, str]]()
    for row in rows:
        if "hardware_id" in row.row:
            devices[_id_named(row.row, "license")].append(row.row)
        elif "ts" in row.row:
            if user := _id_named(row.row, "license_user"):
                said.append((_name(row.row["ts"]), _id_named(row.row, "device"), user))
        else:
            licenses.append(row)
    users = {device: user for _, device, user in sorted(said, key=itemgetter(0))}  # the latest; of equal ones the last
    for number, license, problem in licenses:
        emails = _licensespring_emails(license.get("license_users"))
        own = [
            _owned(one, emails.get(users.get(_name(one.get("id")), ""))) for one in devices[_name(license.get("id"))]
        ]
        yield FileRow(number, license | {"devices": own} if own else license, problem)


def _licensespring_emails(users: JsonValue) -> dict[str, JsonValue]:
    """The emails of those who have a license, by their ids."""
    listed = [one for one in users if isinstance(one, dict)] if isinstance(users, list) else []
    return {_name(one.get("id")): one.get("true_email") or one.get("email") for one in listed}


def _owned(device: Json, email: JsonValue) -> Json:
    return device if email is None else device | {"email": email}


def _id_named(row: Json, name: str) -> str:
    """The id of what a row names: as an object, by the id alone, or so in a column of CSV."""
    named = row.get(name) or row.get(f"{name}_id")
    return _name(named.get("id") if isinstance(named, dict) else named)


# --- Keygen: JSON:API ---------------------------------------------------------------------------------------------

_MAINTAIN, _ALLOW = "MAINTAIN_ACCESS", "ALLOW_ACCESS"
"""Expiration strategies by which a license is valid after its end, too."""
_OVERAGES: Mapping[JsonValue, Overage] = {
    "ALLOW_1_25X_OVERAGE": "1.25x",
    "ALLOW_1_5X_OVERAGE": "1.5x",
    "ALLOW_2X_OVERAGE": "2x",
    "ALWAYS_ALLOW_OVERAGE": "always",
}
"""By how much a license may go beyond its limit of machines, by the strategy of its policy."""


def _keygen(rows: Iterable[FileRow]) -> Iterator[FileRow]:
    """Licenses, machines, users, products and policies, each a resource with attributes and relationships."""
    found, unread = defaultdict[str, dict[str, FileRow]](dict), list[FileRow]()
    for row in rows:
        kind, id = row.row.get("type"), row.row.get("id")
        if row.problem is None and isinstance(kind, str) and isinstance(id, str):
            found[kind][id] = row
        else:
            unread.append(row)
    machines = defaultdict[str, list[Json]](list)
    for machine in found["machines"].values():
        machines[_related(machine.row, "license")].append(_keygen_device(machine.row))
    yield from unread
    for id, (number, said, _) in found["licenses"].items():
        owner = found["users"].get(_related(said, "owner") or _related(said, "user"))
        product = found["products"].get(_related(said, "product"))
        policy = found["policies"].get(_related(said, "policy"))
        license = _keygen_license(said, id, _attributes(policy.row if policy else {}))
        license["product"] = _attributes(product.row if product else {}).get("code") or _related(said, "product")
        license["customer"] = None if owner is None else _keygen_customer(owner.row)
        yield FileRow(number, license | {"devices": machines[id]})


def _keygen_license(row: Json, id: str, policy: Json) -> Json:
    """Without an end of its own, one whose policy has a duration begins to run with its first use.

    One that is valid after its end, by the strategy of its policy, is perpetual here; where it gets no newer versions
    then, its end is that of its maintenance.
    """
    said, duration, strategy = _attributes(row), policy.get("duration"), policy.get("expirationStrategy")
    most, expiry, goes_on = said.get("maxMachines"), said.get("expiry"), strategy in (_MAINTAIN, _ALLOW)
    end = None if goes_on else expiry
    may_run = expiry is None and not goes_on
    lasts = _duration(duration) if may_run and type(duration) is int and duration > 0 else None
    return {
        "id": id,
        "license_key": said.get("key"),
        "name": said.get("name"),
        "license_type": "perpetual" if end is None and lasts is None else "time-limited",
        "validity_period": end,
        "valid_duration": lasts,
        "max_activations": most,
        "allow_unlimited_activations": most is None,
        "overage": None if most is None else _OVERAGES.get(_name(policy.get("overageStrategy"))),
        "enabled": not said.get("suspended") and said.get("status") != "BANNED",
        "maintenance_period": expiry if strategy == _MAINTAIN else None,
        "enable_maintenance_period": False if strategy == _ALLOW else None,
        "metadata": said.get("metadata") or None,
    }


def _keygen_device(row: Json) -> Json:
    said = _attributes(row)
    return {
        "hardware_id": said.get("fingerprint"),
        "hostname": said.get("hostname") or said.get("name"),
        "os": said.get("platform"),
        "ip": said.get("ip"),
        "time_activated": said.get("created"),
        "last_check": said.get("lastHeartbeat"),
    }


def _keygen_customer(row: Json) -> Json:
    said = _attributes(row)
    return {"email": said.get("email"), "first_name": said.get("firstName"), "last_name": said.get("lastName")}


def _attributes(row: Json) -> Json:
    attributes = row.get("attributes")
    return attributes if isinstance(attributes, dict) else {}


def _related(row: Json, name: str) -> str:
    """The id of what a resource belongs to; empty where it says none."""
    inner: JsonValue = row
    for step in ("relationships", name, "data", "id"):
        inner = inner.get(step) if isinstance(inner, dict) else None
    return inner if isinstance(inner, str) else ""


# --- Cryptlex: licenses, activations and users of its web API ------------------------------------------------------


def _cryptlex(rows: Iterable[FileRow]) -> Iterator[FileRow]:
    licenses, users, activations = list[FileRow](), dict[str, Json](), defaultdict[JsonValue, list[Json]](list)
    for row in rows:
        if "licenseId" in row.row:
            activations[_name(row.row["licenseId"])].append(_cryptlex_device(row.row))
        elif "email" in row.row and "key" not in row.row:
            users[_name(row.row.get("id"))] = row.row
        else:
            licenses.append(row)
    for number, said, problem in licenses:
        user = said.get("user") if isinstance(said.get("user"), dict) else users.get(_name(said.get("userId")))
        license = _cryptlex_license(said) | {"devices": activations[_name(said.get("id"))]}
        yield FileRow(number, license | {"customer": _cryptlex_customer(user) if user else None}, problem)


def _cryptlex_license(row: Json) -> Json:
    end, metadata = row.get("expiresAt"), row.get("metadata")
    lasts, most = None if end is not None else _cryptlex_duration(row), row.get("allowedActivations") or None
    return {
        "id": row.get("id"),
        "license_key": row.get("key"),
        "product": row.get("productId"),
        "license_type": "perpetual" if end is None and lasts is None else "time-limited",
        "validity_period": end,
        "valid_duration": lasts,
        "max_activations": most,
        "allow_unlimited_activations": most is None,
        "enabled": not row.get("suspended") and not row.get("revoked"),
        "prevent_vm": True if row.get("allowVmActivation") is False else None,
        "maintenance_period": row.get("maintenanceExpiresAt"),
        "note": row.get("notes"),
        "metadata": _pairs(metadata) if isinstance(metadata, list) else None,
    }


def _cryptlex_duration(row: Json) -> str | None:
    """How long a license runs from its first activation; None: without an end.

    Its interval is one of ISO 8601, in older versions its validity seconds. One that has no single unit stays as it
    is, which the row is refused for.
    """
    interval, validity = row.get("subscriptionInterval"), row.get("validity")
    if not isinstance(interval, str) or not interval:
        return _duration(validity) if type(validity) is int and validity > 0 else None
    found = _INTERVAL.fullmatch(interval)
    years, months, weeks, days, hours = (int(number or 0) for number in found.groups()) if found else [0] * 5
    in_units = {"m": 12 * years + months, "d": 7 * weeks + days, "h": hours}
    said = [f"{number}{unit}" for unit, number in in_units.items() if number]
    return said[0] if len(said) == 1 else interval


def _duration(seconds: int) -> str:
    days, rest = divmod(seconds, _DAY_SECONDS)
    return f"{days}d" if days and not rest else f"{-(-seconds // _HOUR_SECONDS)}h"


def _pairs(metadata: list[JsonValue]) -> Json | None:
    """Metadata as an object; None where there is none."""
    pairs = [one for one in metadata if isinstance(one, dict) and isinstance(one.get("key"), str)]
    return {one["key"]: one.get("value") for one in pairs} or None


def _cryptlex_device(row: Json) -> Json:
    """An activation. It is told apart by its id: the hardware id that its client computes is none that ours would."""
    location, system = row.get("location"), (row.get("os"), row.get("osVersion"))
    return {
        "hardware_id": row.get("id"),
        "hostname": row.get("hostname"),
        "os": " ".join(part for part in system if isinstance(part, str)),
        "ip": location.get("ipAddress") if isinstance(location, dict) else None,
        "app_ver": row.get("appVersion"),
        "time_activated": row.get("createdAt"),
        "last_check": row.get("lastSyncedAt"),
    }


def _cryptlex_customer(user: Json) -> Json:
    names = {"first_name": user.get("firstName"), "last_name": user.get("lastName")}
    return {"email": user.get("email"), "company_name": user.get("company"), **names}


def _name(value: JsonValue) -> str:
    """An id as a text: numbers and texts of one id are one."""
    return str(value) if isinstance(value, str | int) else ""


_OF_SYSTEM: Mapping[System, Callable[[Iterable[FileRow]], Iterator[FileRow]]] = {
    "licensespring": _licensespring,
    "keygen": _keygen,
    "cryptlex": _cryptlex,
    "csv": _of_tables,
}
