"""What a package leaves out, and that what it leaves works."""

import ast
import gzip
import importlib.util
import json
import re
import shutil
import ssl
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import botocore
import fido2
import pytest
from botocore.model import ServiceModel, Shape, StructureShape

from infra.stage.stages import CONFIG
from infra.stage.trim import SERVICES, trim
from tests.infra.stage.test_package import SOURCES, names, python, write

DESCRIPTIONS = Path(botocore.__path__[0]) / "data"
IN_TRANSACTIONS = {"ConditionCheckItem"}
"""What a right is needed for, and is no operation by itself."""
OF_STREAMS = {"DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"}
"""What Lambda itself calls for a function."""
OF_PARTS = {"TransactGetItems", "TransactWriteItems"}
"""What needs no right but those of its parts."""


def test_the_services_that_ship_are_those_that_our_code_has_clients_of() -> None:
    calls = [
        node for source in SOURCES for node in ast.walk(ast.parse(source.read_text())) if isinstance(node, ast.Call)
    ]
    made = [
        call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in ("client", "create_client")
    ]
    named = {argument.value for call in made for argument in call.args[:1] if isinstance(argument, ast.Constant)}
    assert len(named) == len(made), "a client of a service that is not named where it is made"
    assert named == set(SERVICES)


def test_the_operations_that_ship_are_those_that_the_functions_may_call() -> None:
    """Tests of the policies see that no other one is called."""
    allowed: dict[str, set[str]] = defaultdict(set)
    for file in CONFIG.parent.glob("policy-*.json"):
        for service, operation in re.findall(r'"(\w+):([A-Z]\w+)"', file.read_text()):
            allowed[service].add(operation)
    assert SERVICES["dynamodb"] == allowed["dynamodb"] - IN_TRANSACTIONS - OF_STREAMS | OF_PARTS
    assert SERVICES["events"] == allowed["events"]
    assert SERVICES["sesv2"] == allowed["ses"] - {"FromAddress"}  # a condition's name
    assert SERVICES["ssm"] == allowed["ssm"]


@pytest.mark.parametrize(
    "name",
    [
        "bin/jp.py",
        "six-1.17.0.dist-info/METADATA",
        "argon2/__pycache__/__init__.cpython-311.pyc",
        "_cffi_backend.pyi",
        "pydantic/py.typed",
        "pydantic/v1/main.py",
        "botocore/data/ec2/2016-11-15/service-2.json.gz",
        "botocore/data/dynamodb/2012-08-10/examples-1.json",
        "cffi/api.py",
        "dateutil/rrule.py",
        "fido2/client/windows.py",
        "fido2/ctap2/pin.py",
        "fido2/ctap.py",
    ],
)
def test_what_no_function_uses_is_left_out(tmp_path: Path, name: str) -> None:
    trim(write(tmp_path, {name: "", "app.py": ""}))
    assert names(tmp_path) == {"app.py"}


def test_of_fido2_what_looks_at_passkeys_works_without_the_rest(tmp_path: Path) -> None:
    """The list of public suffixes is empty: the library reads it, and our own rule stands in the place of its own."""
    library = Path(fido2.__path__[0])
    shutil.copytree(library, tmp_path / "fido2")
    trim(tmp_path)
    assert {path.stem for path in (tmp_path / "fido2").glob("*.*")} == {
        *("__init__", "arkg", "cbor", "cose", "public_suffix_list", "rpid", "server", "utils", "webauthn"),
    }
    ships = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.stat().st_size > 100_000}
    assert ships == set()
    others = f"sys.path.append({str(library.parent)!r})"  # cryptography
    assert python(tmp_path, f"{others}; import fido2.server as s; print(s.__file__)").startswith(f"{tmp_path}/")


def test_what_botocore_needs_stays(tmp_path: Path) -> None:
    data = ["_retry.json", "partitions.json", "sdk-default-configuration.json"]
    data += [
        f"{name}/2012-08-10/{kind}" for name in SERVICES for kind in ("endpoint-rule-set-1.json.gz", "waiters-2.json")
    ]
    needed = write(tmp_path, {f"botocore/data/{name}": "" for name in data} | {"botocore/cacert.pem": ""})
    before = names(needed)
    trim(needed)
    assert names(needed) == before


def test_of_the_list_of_endpoints_the_partitions_stay(tmp_path: Path) -> None:
    regions = ({"eu-central-1": "Frankfurt"}, {"cn-north-1": "Beijing"})
    listed = {"version": 3, "partitions": [{"regions": region, "services": {"ssm": {}}} for region in regions]}
    trim(write(tmp_path, {"botocore/data/endpoints.json": json.dumps(listed)}))
    assert json.loads((tmp_path / "botocore/data/endpoints.json").read_bytes()) == {
        "version": 3,
        "partitions": [{"regions": region, "services": {}} for region in regions],
    }


def test_of_the_roots_those_that_sign_for_aws_stay(tmp_path: Path) -> None:
    """By what is in them, whatever the list says beside them."""
    whole = DESCRIPTIONS.parent / "cacert.pem"
    trim(write(tmp_path, {"botocore/cacert.pem": whole.read_bytes()}))
    before, after = roots(whole), roots(tmp_path / "botocore/cacert.pem")
    assert after == [
        root for root in before if {"Amazon", "Starfield Technologies, Inc.", "DigiCert Inc"} & set(root.values())
    ]
    asked_for = {f"Amazon Root CA {number}" for number in (1, 2, 3, 4)}
    asked_for |= {"Starfield Services Root Certificate Authority - G2"}
    assert asked_for <= {root.get("commonName") for root in after}
    assert len(after) < len(before) / 5


def roots(file: Path) -> list[dict[str, str]]:
    """Whom a list of roots trusts: the parts of each one's name, and its serial number."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(file)
    found: Any = context.get_ca_certs()
    named = [
        {name: text for part in root["subject"] for name, text in part} | {"": root["serialNumber"]} for root in found
    ]
    return sorted(named, key=str)


# --- descriptions of services ------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", SERVICES)
def test_of_a_service_the_operations_that_ship_are_described_as_botocore_has_them(tmp_path: Path, service: str) -> None:
    *_, packed = sorted(DESCRIPTIONS.glob(f"{service}/*/service-2.json.gz"))  # the newest, which botocore takes
    place = tmp_path / packed.relative_to(DESCRIPTIONS.parents[1])
    write(tmp_path, {place.relative_to(tmp_path).as_posix(): packed.read_bytes()})
    trim(tmp_path)
    whole, trimmed = json.loads(gzip.decompress(packed.read_bytes())), json.loads(place.with_suffix("").read_bytes())
    assert not place.exists(), "botocore would read it first"
    assert trimmed["operations"].keys() == SERVICES[service]
    assert {name: whole[name] for name in whole.keys() - {"operations", "shapes", "documentation"}} == {
        name: trimmed[name] for name in trimmed.keys() - {"operations", "shapes"}
    }
    assert described(trimmed, service) == described(whole, service)
    assert len(place.with_suffix("").read_bytes()) < 50_000


def described(document: Any, service: str) -> dict[str, Any]:
    """All that botocore can read of the operations that we call: their shapes by name, and all these are made of."""
    model, seen = ServiceModel(document), dict[str, Any]()

    def look(shape: Shape | None) -> None:
        if shape is None or shape.name in seen:
            return
        parts = [getattr(shape, name) for name in ("member", "key", "value") if hasattr(shape, name)]
        if isinstance(shape, StructureShape):
            parts += shape.members.values()
        seen[shape.name] = (shape.type_name, shape.metadata, shape.serialization, [part.name for part in parts])
        for part in parts:
            look(part)

    for name in sorted(SERVICES[service]):
        operation = model.operation_model(name)
        for shape in (operation.input_shape, operation.output_shape, *operation.error_shapes):
            look(shape)
        seen[f"operation {name}"] = (operation.http, operation.endpoint_discovery, operation.static_context_parameters)
    return seen


# --- machine code ------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' machine code does not ship")
def test_machine_code_without_its_symbols_is_smaller_and_runs(tmp_path: Path) -> None:
    spec = importlib.util.find_spec("markupsafe._speedups")
    assert spec
    assert spec.origin is not None
    library = tmp_path / Path(spec.origin).name
    shutil.copyfile(spec.origin, library)
    trim(tmp_path)
    assert library.stat().st_size < Path(spec.origin).stat().st_size
    assert python(tmp_path, "from _speedups import _escape_inner; print(_escape_inner('<p>'))") == "&lt;p&gt;\n"
