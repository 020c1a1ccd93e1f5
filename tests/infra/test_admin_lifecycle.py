"""The commands that put a license away, and take it away for good."""

from chalicelib.domain.instants import to_iso
from chalicelib.usecases.find_license import find_license
from chalicelib.usecases.operator_queries import license_details
from chalicelib.usecases.scheduled_updates import schedule_update
from chalicelib.web import clock
from tests.infra.operator import Operator
from tests.store.costs import Cost, counted
from tests.support import ADMIN, DAY, HOUR, Vendor
from tests.usecases.support import refused


def test_a_license_is_archived_and_restored_as_it_was(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue()
    assert operator.asks(f"license archive {license.id}")["archived_at"] is not None
    said = operator.refused(f"license enable {license.id}")
    assert said == "This license is archived: restore it first."
    restored = operator.asks(f"license restore {license.id}")
    assert (restored["archived_at"], restored["enabled"]) == (None, True)


def test_a_license_is_deleted_if_that_is_meant(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue()
    assert operator.run(f"license delete {license.id}", sure=False)[0] == 2
    assert find_license(vendor.code, license.id) == vendor.stored(license)
    answer = operator.asks(f"license delete {license.id} --revision 0")
    assert (answer["id"], answer["license_key"], answer["deleted"]) == (license.id, license.license_key, True)
    with refused("license_not_found"):
        find_license(vendor.code, license.id)
    assert operator.asks(f"license history {license.id} --limit 1")["events"][0]["type"] == "license_deleted"
    for again in ("delete", "show"):
        operator.refused(f"license {again} {license.id}")


def test_a_license_is_shown_with_what_is_scheduled_for_it_next(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue()
    assert operator.asks(f"license show {license.id}")["next_update"] is None
    schedule = f"license schedule {license.id} --max-activations"
    later = operator.asks(f"{schedule} 30 --at 2081-01-01")["id"]
    sooner = operator.asks(f"{schedule} unlimited --at 2080-01-01")["id"]
    shown = {"id": sooner, "at": "2080-01-01T00:00:00.000Z", "changes": {"max_activations": None}}
    assert operator.asks(f"license show {license.id}")["next_update"] == shown
    assert "2080-01-01T00:00:00.000Z" in operator.run(f"license show {license.id}")[1]
    of_it = f"--company {vendor.code} --update {sooner}"
    put_off = operator.asks(f"scheduled-update set {of_it} --at 2080-02-01 --revision 0")
    assert (put_off["at"], put_off["changes"]) == ("2080-02-01T00:00:00.000Z", {"max_activations": None})
    other = operator.asks(f"scheduled-update set {of_it} --name Ulm --max-transfers 4 --strict")
    assert (other["at"], other["changes"], other["name"], other["strict"]) == (
        *(put_off["at"], {"max_activations": None, "max_transfers": 4, "name": "Ulm"}),
        *("", True),
    )
    assert operator.refused(f"scheduled-update set {of_it}") == "Say what is to be changed."
    said = operator.refused(f"scheduled-update set {of_it} --note late --revision 0")
    assert said.startswith("--revision: it has another one by now")
    detail = operator.asks(f"license history {license.id}")["events"][0]["detail"]
    assert detail == f"scheduled_update={sooner}, fields=scheduled_update_data"
    operator.asks(f"scheduled-update cancel {of_it}")
    assert "fields=cancelled_at, status" in operator.asks(f"license history {license.id}")["events"][0]["detail"]
    assert operator.asks(f"license show {license.id}")["next_update"]["id"] == later


def test_of_a_floating_license_is_shown_who_holds_a_slot_and_until_when(operator: Operator, vendor: Vendor) -> None:
    license, now = vendor.issue(floating_users=2, floating_timeout=60), clock.now()
    for device in ("pc", "mac"):
        vendor.activate(license, device)
    vendor.check(license, "pc", now=now)
    shown = operator.asks(f"license show {license.id}")
    devices = operator.asks(f"device list --license {license.id}")["devices"]
    assert shown["slots_in_use"] == 1
    for rows in (shown["devices"], devices):
        assert {row["hardware_id"]: row["slot_until"] for row in rows} == {"pc": to_iso(now + HOUR), "mac": None}


def test_to_look_what_is_scheduled_costs_a_read_more_where_something_is(vendor: Vendor) -> None:
    license, costs = vendor.issue(), list[Cost]()
    for _ in range(2):
        with counted() as cost:
            license_details(license.id, None, 50, now=vendor.now)
        costs.append(cost)
        schedule_update(vendor.code, license.id, vendor.now + DAY, {"note": "Paid"}, ADMIN, now=vendor.now)
    assert [cost.round_trips for cost in costs] == ["5 reads", "6 reads"]
