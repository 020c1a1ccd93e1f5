"""The commands that put a license away, and take it away for good."""

from chalicelib.usecases.find_license import find_license
from tests.infra.operator import Operator
from tests.support import Vendor
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
