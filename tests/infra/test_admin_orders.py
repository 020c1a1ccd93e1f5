"""Orders at the command line: sold, said something of, and shown."""

from chalicelib.store import orders
from chalicelib.usecases.change_terms import find_sold
from tests.infra.operator import Operator
from tests.support import Vendor


def create(vendor: Vendor, more: str = "", order: str = "A-17") -> str:
    return f"order create --company {vendor.code} --order {order} --product viewer {more}"


def test_an_order_is_sold_with_what_is_said_of_it(operator: Operator, vendor: Vendor) -> None:
    line = create(vendor, "--licenses 2 --customer buyer@studio.test --manager ann@studio.test --reference PO-77")
    made = operator.asks(f"{line} --is-test yes --metadata '{{\"deal\": 7}}'")
    assert (made["order"], made["customer"], made["manager"]) == ("A-17", "buyer@studio.test", "ann@studio.test")
    assert (made["reference"], made["is_test"], len(made["manager_initial_password"])) == ("PO-77", True, 16)
    sold = [find_sold(vendor.code, one["license"])[0] for one in made["licenses"]]
    assert [one.license_key for one in sold] == [one["license_key"] for one in made["licenses"]]
    assert {(one.order_id, one.license_type, one.max_activations) for one in sold} == {("A-17", "perpetual", 1)}
    shown = operator.asks(f"order show --company {vendor.code} --order A-17")
    assert {name: shown[name] for name in ("reference", "is_test", "metadata")} == {
        name: made[name] for name in ("reference", "is_test", "metadata")
    }
    assert "deal" in str(shown["metadata"])
    assert vendor.differences() == []


def test_the_same_order_again_makes_nothing_and_another_one_of_its_id_is_refused(
    operator: Operator, vendor: Vendor
) -> None:
    made = operator.asks(create(vendor, "--licenses 2"))
    assert operator.asks(create(vendor, "--licenses 2")) == made
    said = operator.refused(create(vendor, "--licenses 3"))
    assert said == "There is an order A-17 with other content; license issue --order sells more in it."
    assert len([*orders.sold_in_order(vendor.code, "A-17")]) == 2


def test_what_is_wrong_with_an_order_is_said_by_its_options(operator: Operator, vendor: Vendor) -> None:
    for more, option in (
        ("--licenses 51", "--licenses"),
        ("--licenses 0", "--licenses"),
        ("--is-test maybe", "--is-test"),
    ):
        status, _, said = operator.run(create(vendor, more))
        assert (status, said.startswith(f"{option}: ")) == (2, True), said
    status, _, said = operator.run(create(vendor).replace("viewer", "none"))
    assert (status, said.startswith("--product: ")) == (2, True), said
    assert orders.read_order(vendor.code, "A-17") is None


def test_what_is_not_given_of_an_order_stays(operator: Operator, vendor: Vendor) -> None:
    operator.asks(create(vendor, "--reference PO-77 --is-test yes"))
    line = f"order set --company {vendor.code} --order A-17"
    assert operator.asks(f"{line} --is-test no")["reference"] == "PO-77"
    changed = operator.asks(f"{line} --reference ''")
    assert (changed["reference"], changed["is_test"]) == (None, False)
    status, _, said = operator.run(f"{line} --reference {'x' * 201}")
    assert (status, said.startswith("--reference: ")) == (2, True), said
    status, _, said = operator.run(f"order set --company {vendor.code} --order A-18 --is-test no")
    assert (status, "A-18" in said) == (2, True), said
