"""The portal for a manager of very many licenses, a license of very many devices, people of some: time, reads, size."""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from chalicelib.domain.catalog import LicenseSummary
from chalicelib.domain.events import Actor
from chalicelib.domain.license import Device, License, hash_hardware_id
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.terms import Terms
from chalicelib.domain.users import User
from chalicelib.store import accounts, database, writes
from chalicelib.store.items.accounts import UserItem
from chalicelib.store.items.licenses import DeviceItem, LicenseItem
from chalicelib.store.keys import device_sort_key, license_pk, manager_license_sort_key, user_sort_key
from chalicelib.store.orders import sold_item
from chalicelib.store.schema import Operation
from chalicelib.usecases import create, portal_queries
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.issue_license import issue_license
from chalicelib.usecases.portal_queries import ListQuery
from chalicelib.usecases.sessions import open_session, to_cookie
from chalicelib.web import clock
from infra.progress import Progress
from infra.serve import Server

COMPANY, MANAGER = "BENCH-PORTAL", "manager@bench.test"
LICENSES, DEVICES = 10_000, 5_000
MANAGED, SEATS, PEOPLE = (12, 24), 13, 80
"""Licenses of a manager whose people are shown, seats of each, and people who share these."""
RUNS = 9
_ADMIN = Actor("bench")


@dataclass(frozen=True)
class Page:
    """A page, and the view that it shows."""

    name: str
    path: str
    claims: SessionClaims
    view: Callable[[], object]


def portal(server: Server) -> None:
    """Store it all, then print a line for each page."""
    pages = [*_pages(*_prepare()), *map(_people, MANAGED)]
    print(f"\nPortal: a manager of {LICENSES:,} licenses, a license of {DEVICES:,} devices; median of {RUNS}")
    with httpx.Client(base_url=server.base_url, headers={"Accept-Encoding": "gzip"}, timeout=60) as http:
        for page in pages:
            times, size = zip(*(_get(http, page) for _ in range(RUNS)), strict=True)
            reads = _reads(page.view)
            print(f"  {page.name:34} {statistics.median(times):6.0f} ms  {reads:3} reads  {size[0] / 1024:5.1f} KB")


def _pages(license: License, claims: SessionClaims) -> list[Page]:
    def listed(name: str, query: str, **list_query: str) -> Page:
        path = f"/portal/licenses?{query}"
        asked = ListQuery(**list_query)
        return Page(name, path, claims, lambda: portal_queries.managed_licenses(claims, asked, now=clock.now()))

    one = f"/portal/licenses/{license.id}"
    return [
        listed("licenses", ""),
        listed("licenses, searched", "search=7", search="7"),
        listed("licenses, of a status", "status=inactive", status="inactive"),
        listed("licenses, oldest first", "sort=oldest", sort="oldest"),
        Page(
            "license details",
            one,
            claims,
            lambda: portal_queries.license_details(claims, license.id, now=clock.now()),
        ),
        Page(
            "devices",
            f"{one}/devices",
            claims,
            lambda: portal_queries.license_devices(claims, license.id, ListQuery(), now=clock.now()),
        ),
    ]


def _people(count: int) -> Page:
    """The people of a manager of so many licenses, each with users."""
    now, manager = clock.now(), f"manager-{count}@bench.test"
    terms, user = Terms("perpetual", 100, order_id=f"people-{count}"), None
    for number in range(count):
        license, user = issue_license(COMPANY, "revit", terms, manager, _ADMIN, now=now)
        for seat in range(number * SEATS, (number + 1) * SEATS):
            assign_user(COMPANY, license.id, f"person-{seat % PEOPLE}@bench.test", 1, _ADMIN, now=now)
    assert user is not None
    claims = _logged_in(user)
    name = f"people of {count} licenses"
    return Page(
        name, "/portal/people", claims, lambda: portal_queries.managed_people(claims, ListQuery(), now=clock.now())
    )


def _get(http: httpx.Client, page: Page) -> tuple[float, int]:
    started = time.perf_counter()
    answer = http.get(page.path, headers={"Cookie": f"seatkeeper={to_cookie(page.claims)}"})
    elapsed = (time.perf_counter() - started) * 1000
    assert answer.status_code == 200, f"{page.path}: {answer.status_code}"
    return elapsed, int(answer.headers["Content-Length"])


def _reads(view: Callable[[], object]) -> int:
    """How often a view asks the database."""
    calls: list[str] = []

    connection = database.connection()
    send = connection.send

    def note(operation: str, request: Operation) -> Operation:
        calls.append(operation)
        return send(operation, request)

    connection.send = note
    try:
        view()
    finally:
        connection.send = send
    return len(calls)


def _prepare() -> tuple[License, SessionClaims]:
    now = clock.now()
    create.create_company(COMPANY, "Bench", _ADMIN, now=now)
    create.create_product(COMPANY, "viewer", "Viewer", "license-key", _ADMIN, now=now)
    create.create_product(COMPANY, "revit", "Revit", "user", _ADMIN, now=now)
    license, manager = issue_license(COMPANY, "viewer", Terms("perpetual", DEVICES), MANAGER, _ADMIN, now=now)
    assert manager is not None
    writes.batch_put(_filed(manager))
    writes.batch_put(_stored(now))
    writes.batch_put(_devices(license, now))
    counted = [LicenseItem.times_activated.set(DEVICES)]
    writes.update(LicenseItem(license_pk(COMPANY, license.id), "license"), counted)
    return license, _logged_in(manager)


def _logged_in(manager: User) -> SessionClaims:
    """A session of a manager, who has chosen a password by now."""
    chosen = [UserItem.is_initial_password.set(False)]
    writes.update(UserItem(COMPANY, user_sort_key(manager.id)), chosen)
    user = accounts.read_user(COMPANY, manager.id)
    assert user is not None
    return open_session(user, now=clock.now())


def _filed(manager: User) -> Iterator[Any]:  # items of the tables: only the store knows their class
    progress = Progress("licenses filed", LICENSES)
    for number in range(1, LICENSES):
        sold = LicenseSummary(number, "viewer", "time-limited", f"order-{number % 40}", f"BENCH-{number:06}")
        yield sold_item(sold, COMPANY, manager_license_sort_key(manager.id, number))
        progress.show(number + 1)


def _stored(now: int) -> Iterator[Any]:  # items of the tables: only the store knows their class
    progress = Progress("licenses stored", LICENSES)
    for number in range(1, LICENSES):
        license = License(
            company=COMPANY,
            id=number,
            product="viewer",
            authorization_method="license-key",
            license_type="time-limited",
            created_at=now,
            license_key=f"BENCH-{number:06}",
            max_activations=5,
            validity_period=now + number * 3_600_000,
        )
        yield LicenseItem.of(license, license_pk(COMPANY, number), "license")
        progress.show(number + 1)


def _devices(license: License, now: int) -> Iterator[Any]:  # items of the tables: only the store knows their class
    progress = Progress("devices stored", DEVICES)
    for number in range(DEVICES):
        hardware_id = f"hardware-{number:05}"
        device = Device(
            id=number + 1,
            hardware_id=hardware_id,
            active=True,
            epoch=0,
            first_activated_at=now,
            activated_at=now,
            last_check_at=now - number * 1000,
            hostname=f"workstation-{number}",
            os_ver="Windows 11",
            ip="192.0.2.7",
            app_ver="2.4.1",
        )
        part = device_sort_key(hash_hardware_id(hardware_id), None)
        yield DeviceItem.of(device, license_pk(COMPANY, license.id), part)
        progress.show(number + 1)
