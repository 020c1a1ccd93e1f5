"""Check a license from a device that holds a place on it."""

from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, DeviceReport, License
from chalicelib.domain.places import Place, check_is_due, holder
from chalicelib.store import places
from chalicelib.usecases.identify import Identity, find_place
from chalicelib.usecases.settle import settle


def check(company: str, ident: Identity, report: DeviceReport, *, now: Instant) -> Place:
    """The license and the device as they stand. Raises `Refused`: `device_not_found` after a reset.

    An expired license is no refusal: the answer says `is_expired`.
    """

    def read(consistent: bool) -> Place:
        return find_place(company, ident, now=now, consistent=consistent)

    def decide(place: Place) -> tuple[License, Device]:
        return holder(place, ident.hardware_id)

    def write(place: Place, held: tuple[License, Device]) -> None:
        license, device = held
        if check_is_due(device, now):
            places.note_check(license, device, place.seat, report, now)

    place, _ = settle(read, decide, write)
    return place
