"""Lists of all that a company's licenses have, devices, variables and events: a walk sees each once, whatever comes."""

from collections.abc import Callable, Mapping

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from chalicelib.domain import paging
from chalicelib.domain.events import Event
from chalicelib.domain.license import Device, License
from chalicelib.store import activations
from chalicelib.store.variables import read_variables
from chalicelib.usecases import license_events, variables
from chalicelib.usecases.delete_license import delete_license
from chalicelib.usecases.device_variables import track_variables
from chalicelib.usecases.devices import DeviceFilter, find_devices, read_devices
from chalicelib.usecases.license_events import EventFilter, find_events
from chalicelib.usecases.variables import find_variables
from infra.budgets import LIST_PAGE_READS, SEARCHED_PAGE_READS
from tests.store.costs import counted
from tests.support import ADMIN, Vendor
from tests.usecases.walks import Walk, Walkers

Row = tuple[int | str, ...]
"""What names a row: the license of it, the id of the device, or the key of the event …"""
Read = Callable[[str, str, int], tuple[list[Row], str]]
VIEWER = frozenset({"viewer"})
NAMES = ["pc", "mac"]


def devices_of(wanted: DeviceFilter) -> Read:
    def read(company: str, after: str, limit: int) -> tuple[list[Row], str]:
        page = find_devices(company, wanted, after, limit)
        found = read_devices(company, page.keys)
        return [(one.device.id, one.license.id) for one in found], page.after

    return read


def variables_of(products: frozenset[str]) -> Read:
    def read(company: str, after: str, limit: int) -> tuple[list[Row], str]:
        found, further = find_variables(company, products, after, limit)
        return [(device_id, variable.id) for device_id, variable in found], further

    return read


def events_of(wanted: EventFilter) -> Read:
    def read(company: str, after: str, limit: int) -> tuple[list[Row], str]:
        found, further = find_events(company, wanted, after, limit)
        return [(license_id, event.key) for license_id, event in found], further

    return read


LISTS: Mapping[str, tuple[Read, bool]] = {
    "devices": (devices_of(DeviceFilter()), False),
    "devices, newest first": (devices_of(DeviceFilter(newest_first=True)), True),
    "devices of a product": (devices_of(DeviceFilter(products=VIEWER)), False),
    "devices that may be used": (devices_of(DeviceFilter(is_blacklisted=False)), False),
    "variables": (variables_of(frozenset()), False),
    "variables of a product": (variables_of(VIEWER), False),
    "events": (events_of(EventFilter(None)), True),
    "events of a product": (events_of(EventFilter(None, products=VIEWER)), True),
    "activations": (events_of(EventFilter(None, frozenset({"device_activated"}))), True),
}
"""Each with whether its rows descend."""


@settings(max_examples=25, stateful_step_count=25, deadline=None)
class Lists(Walkers):
    """Licenses and devices come and go while several go through lists of them."""

    bounds = (
        *((paging, name, few) for name, few in (("CHUNK", 2), ("MAX_SCANNED", 4))),
        *((variables, name, few) for name, few in (("CHUNK", 2), ("MOST", 4))),
        (license_events, "MOST_READS", 2),
    )

    def __init__(self) -> None:
        super().__init__()
        self.sold: dict[int, License] = {}
        self.gone: list[License] = []

    @rule(product=st.sampled_from(["viewer", "cad"]))
    def issue(self, product: str) -> None:
        if "cad" not in self.vendor.products:
            self.vendor.product("cad", "license-key")
        self.vendor.now += 1
        license = self.vendor.issue(product)
        self.sold[license.id] = license

    @rule(data=st.data(), name=st.sampled_from(NAMES), is_kept=st.booleans())
    def use(self, data: st.DataObject, name: str, is_kept: bool) -> None:
        if not self.sold:
            return
        self.vendor.now += 1000
        license = self.sold[data.draw(st.sampled_from(sorted(self.sold)))]
        self.vendor.activate(license, name)
        if is_kept:
            said = {f"{part} at {self.vendor.now}": "x" for part in ("floor", "room")}
            track_variables(self.vendor.code, self.vendor.lookup(license, name), said, ADMIN, now=self.vendor.now)

    @rule(data=st.data())
    def forget(self, data: st.DataObject) -> None:
        known = [(license, device) for license in self.sold.values() for device in self.devices(license)]
        if not known:
            return
        license, device = data.draw(st.sampled_from(known))
        if device.active:
            self.vendor.deactivate(license, device.hardware_id)
            (device,) = [one for one in self.devices(license) if one.id == device.id]
        event = Event.new("devices_forgotten", ADMIN, self.vendor.now, devices=1)
        activations.forget(self.vendor.stored(license), [device], event)
        self.vanished({device.id})

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        if not self.sold:
            return
        license = self.sold.pop(data.draw(st.sampled_from(sorted(self.sold))))
        ids = {device.id for device in self.devices(license)}
        delete_license(self.vendor.code, license.id, ADMIN, now=self.vendor.now)
        self.gone.append(license)
        self.vanished(ids)

    @rule(name=st.sampled_from(sorted(LISTS)), size=st.integers(1, 3))
    def begin(self, name: str, size: int) -> None:
        self.walks.append(Walk(name=name, size=size, missed=self.there(name), after=""))

    def devices(self, license: License) -> list[Device]:
        return list(activations.devices(self.vendor.code, license.id))

    def there(self, name: str) -> set[Row]:
        """The rows of a list, by what the licenses say themselves."""
        is_wanted: Callable[[License], bool] = lambda one: "product" not in name or one.product == "viewer"  # noqa: E731
        sold = [license for license in self.sold.values() if is_wanted(license)]
        known = [(license, device) for license in sold for device in self.devices(license)]
        if name.startswith("devices"):
            return {(device.id, license.id) for license, device in known}
        if name.startswith("variables"):
            kept = [(one, self.variables(license, one)) for license, one in known]
            return {(device.id, place) for device, places in kept for place in places}
        every = [
            (one.id, event) for one in (*sold, *filter(is_wanted, self.gone)) for event in self.vendor.history(one)
        ]
        return {(id, event.key) for id, event in every if name != "activations" or event.type == "device_activated"}

    def variables(self, license: License, device: Device) -> list[int]:
        found = read_variables(license, device.hardware_id, device.user_id).variables
        return [variable.id for variable in found]

    def vanished(self, ids: set[int]) -> None:
        for walk in self.walks:
            if not LISTS[walk.name][0].__qualname__.startswith("events_of"):
                walk.missed = {row for row in walk.missed if row[0] not in ids}

    def step(self, walk: Walk[Row]) -> None:
        read, descends = LISTS[walk.name]
        rows, after = read(self.vendor.code, walk.after, walk.size)
        assert {*rows} <= self.there(walk.name)
        walk.go_on(rows, after, descends=descends)


TestLists = Lists.TestCase


def test_a_page_of_what_is_filed_is_few_reads_and_one_that_is_looked_for_is_bounded(vendor: Vendor) -> None:
    licenses = [vendor.issue(max_activations=None) for _ in range(60)]
    for license in licenses:
        vendor.activate(license, "pc")
    for name, most in (
        ("devices", LIST_PAGE_READS),
        ("devices, newest first", LIST_PAGE_READS),
        ("devices of a product", LIST_PAGE_READS + 2),
        ("devices that may be used", LIST_PAGE_READS + 2),
        ("variables", SEARCHED_PAGE_READS),
        ("variables of a product", SEARCHED_PAGE_READS + 10),
        ("events", 2 + 20),
        ("events of a product", 2 + 20),
    ):
        with counted() as cost:
            rows, _ = LISTS[name][0](vendor.code, "", 20)
        assert len(cost.calls) <= most, (name, cost.calls)
        assert rows or "variables" in name
    nothing = EventFilter(None, since=vendor.now + 1)
    with counted() as cost:
        assert find_events(vendor.code, nothing, "", 20) == ([], str(sorted(one.id for one in licenses)[10]))
    assert len(cost.calls) == license_events.MOST_READS + 2
