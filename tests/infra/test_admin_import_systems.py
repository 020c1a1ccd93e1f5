"""`import` of what each other system exports: planned, brought in, compared, and the same again."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.infra.operator import Operator
from tests.support import Vendor

FILES: dict[str, list[Any]] = {
    "licensespring": [
        {
            "results": [
                {
                    "id": 17,
                    "license_key": "K-1",
                    "license_type": "perpetual",
                    "max_activations": 3,
                    "customer": {"id": 4, "email": "ada@studio.test"},
                    "product": {"id": 5, "short_code": "theirs"},
                }
            ]
        },
        {"results": [{"id": 1, "hardware_id": "h-1", "device_active": True, "license": {"id": 17}}]},
    ],
    "keygen": [
        {
            "data": [
                {
                    "type": "licenses",
                    "id": "l1",
                    "attributes": {"key": "K-1", "expiry": None, "maxMachines": 3},
                    "relationships": {"product": {"data": {"type": "products", "id": "theirs"}}},
                }
            ]
        },
        {
            "data": [
                {
                    "type": "machines",
                    "id": "m1",
                    "attributes": {"fingerprint": "h-1"},
                    "relationships": {"license": {"data": {"type": "licenses", "id": "l1"}}},
                }
            ]
        },
    ],
    "cryptlex": [
        [{"id": "l1", "key": "K-1", "productId": "theirs", "allowedActivations": 3, "validity": 0, "expiresAt": None}],
        [{"id": "h-1", "licenseId": "l1", "hostname": "pc", "createdAt": "2026-01-01T00:00:00Z"}],
    ],
    "csv": ["license_key,product,max_activations\nK-1,theirs,3\n"],
}
"""One license of each, with a device where it is told of any."""


@pytest.mark.parametrize("system", FILES)
def test_what_a_system_exports_is_planned_brought_in_and_compared(
    operator: Operator, vendor: Vendor, tmp_path: Path, system: str
) -> None:
    paths = []
    for number, content in enumerate(FILES[system]):
        paths.append(tmp_path / (f"{number}.csv" if isinstance(content, str) else f"{number}.json"))
        paths[-1].write_text(content if isinstance(content, str) else json.dumps(content))
    files = " ".join(map(str, paths))
    line = f"--company {vendor.code} {files} --from {system} --product theirs=viewer"
    assert operator.asks(f"import plan {line}")["new"] == 1
    assert operator.asks(f"license list --company {vendor.code}")["licenses"] == [], "a plan writes nothing"
    assert operator.asks(f"import verify {line}", exit_code=1)["new"] == 1
    assert operator.asks(f"import apply {line}")["new"] == 1
    (license,) = operator.asks(f"license list --company {vendor.code}")["licenses"]
    assert (license["license_key"], license["product"], license["max_activations"]) == ("K-1", "viewer", 3)
    assert len(operator.asks(f"device list --license {license['license']}")["devices"]) == len(paths) - 1
    for verb in ("plan", "apply", "verify"):
        assert operator.asks(f"import {verb} {line}")["same"] == 1
    assert vendor.differences() == []
