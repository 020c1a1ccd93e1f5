"""Licenses that a text leads to, whatever it names: for operators, who are told a text on the phone."""

from dataclasses import dataclass
from typing import Literal

from chalicelib.domain.license import License
from chalicelib.usecases.create import find_company
from chalicelib.usecases.license_list import LicenseFilter, list_licenses

By = Literal["id", "license_key", "order", "customer", "user", "manager", "hardware_id", "host_name"]


@dataclass(frozen=True, slots=True)
class Match:
    """A license, and which of its names the text is."""

    license: License
    by: tuple[By, ...]


def search_licenses(company: str, text: str, limit: int) -> list[Match]:
    """The newest of which the text is the id, the key, the order, the email of the customer, of a user or of a manager,
    or the hardware id or host name of a device: at most `limit` by each, and three reads.

    Raises `NotFound`: `company_not_found`.
    """
    code = find_company(company).code
    filters: dict[By, LicenseFilter] = {
        "license_key": LicenseFilter(license_key=text),
        "order": LicenseFilter(order_id=text),
        "customer": LicenseFilter(customer=text),
        "user": LicenseFilter(users=(text,)),
        "manager": LicenseFilter(manager=text),
        "hardware_id": LicenseFilter(hardware_id=text),
        "host_name": LicenseFilter(host_name=text),
    }
    if text.isascii() and text.isdigit() and len(text) <= 16:
        filters = {"id": LicenseFilter(ids=frozenset({int(text)})), **filters}
    found: dict[int, Match] = {}
    for by, wanted in filters.items():
        for license, _ in list_licenses(code, wanted, newest_first=True, size=limit).rows:
            known = found.get(license.id, Match(license, ()))
            found[license.id] = Match(license, (*known.by, by))
    return sorted(found.values(), key=lambda match: -match.license.id)
