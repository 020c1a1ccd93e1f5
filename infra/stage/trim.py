"""What a package leaves out of the folder that pip and chalice filled: files, and parts of files, that nobody reads."""

import gzip
import json
import os
import re
import struct
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from chalicelib.domain.types import Json

SERVICES = {
    "dynamodb": {
        *("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"),
        *("TransactGetItems", "TransactWriteItems"),
    },
    "events": {"PutEvents"},
    "sesv2": {"SendEmail"},
    "ssm": {"GetParameters"},
}
"""What our code has clients of, and the operations that it calls: of botocore's descriptions all else stays out."""

AUTHORITIES = ("O=Amazon", "O=Starfield Technologies, Inc.", "O=DigiCert Inc")
"""Who signs for AWS, as botocore's list of roots names them: Amazon Trust Services, which asks all who keep a list of
their own for Amazon's four roots and Starfield's (amazontrust.com/repository); and DigiCert, which did before."""

_UNUSED = (
    "bin/*",  # commands of the libraries
    "*.dist-info/*",  # metadata of the libraries
    "*/__pycache__/*",  # compiled by others, from who knows what
    "*.pyi",
    "*/py.typed",
    "botocore/data/*/examples-1.json",
    "cffi/*",  # makes bindings to C; the ones that ship are made
    "pycparser/*",  # of cffi
    "botocore/data/events/2014-02-03/*",  # the one before the one that is used
    "dateutil/rrule.py",  # calendars; imported where one is read
    "dateutil/tz/win.py",  # of another system
    "dateutil/zoneinfo/*",  # time zones for systems that have none
    "fido2/attestation/*",  # who has made an authenticator, which we do not ask
    "fido2/client/*",  # the other side: what browsers do, and authenticators
    "fido2/ctap*",
    "fido2/features.py",
    "fido2/hid/*",
    "fido2/mds3.py",  # lists of those who make authenticators
    "fido2/payment.py",
    "fido2/pcsc.py",
    "pydantic/mypy.py",
    "pydantic/v1/*",  # the former pydantic, whole
    "segno/cli.py",  # a command
    "segno/helpers.py",  # codes of contacts, places and payments
    "share/*",  # manuals
    "tzdata/zoneinfo/*.tab",  # lists of the zones, for people who choose one
    "tzdata/zoneinfo/leapseconds",
    "tzdata/zoneinfo/tzdata.zi",  # all zones again, as a text
    "urllib3/contrib/pyopenssl.py",  # needs a library that does not ship: who imports it does without
    "urllib3/contrib/emscripten/*",  # for browsers
)

_ELF = b"\x7fELF\x02\x01"
"""Machine code of 64 bits, little-endian: of both architectures."""


def trim(folder: Path) -> None:
    """Remove what no function of ours can come to use."""
    for path in files_of(folder):
        if _is_unused(path.relative_to(folder).as_posix()):
            path.unlink()
        elif path.read_bytes().startswith(_ELF):
            _drop_symbols(path)
    if (endpoints := folder / "botocore" / "data" / "endpoints.json").exists():
        _drop_services(endpoints)
    if (suffixes := folder / "fido2" / "public_suffix_list.dat").exists():
        suffixes.write_bytes(b"")  # read at the import, for a rule in whose place ours stands (`chalicelib.webauthn`)
    if (roots := folder / "botocore" / "cacert.pem").exists():
        _keep_authorities(roots)
    for service, operations in SERVICES.items():
        for description in folder.glob(f"botocore/data/{service}/*/service-2.json.gz"):
            _keep_operations(description, operations)


def files_of(folder: Path) -> list[Path]:
    """All files of a folder and the folders in it, in order."""
    return sorted(Path(place, name) for place, _, names in os.walk(folder) for name in names)


def _is_unused(name: str) -> bool:
    if any(fnmatch(name, pattern) for pattern in _UNUSED):
        return True
    service, _, below = name.removeprefix("botocore/data/").partition("/")
    return name.startswith("botocore/data/") and bool(below) and service not in SERVICES


def _drop_services(endpoints: Path) -> None:
    """Of all services' endpoints leave the partitions: each client reads the list, for 20 ms of a cold start.

    A service's own rules, which stay, say the same.
    """
    document = json.loads(endpoints.read_bytes())
    for partition in document["partitions"]:
        partition["services"] = {}
    endpoints.write_text(json.dumps(document))


def _keep_authorities(roots: Path) -> None:
    """Of the roots that botocore trusts leave those of `AUTHORITIES`.

    Each new connection by TLS reads the list, for 18 ms; a cold start opens two. Whoever is asked instead of AWS is
    trusted by `AWS_CA_BUNDLE`, which takes the place of the list.
    """
    blocks = re.findall(r"# Issuer: .*?-----END CERTIFICATE-----\n", roots.read_text(), re.DOTALL)
    kept = [block for block in blocks if any(name in block.partition("\n")[0] for name in AUTHORITIES)]
    roots.write_text("\n".join(kept))


def _keep_operations(description: Path, operations: set[str]) -> None:
    """Leave of a service these operations, and the shapes that they are made of, without a word of explanation.

    Each client reads it all, for 24 ms of a cold start. It is not packed any more: the archive packs it.
    """
    document: Json = _without_documentation(json.loads(gzip.decompress(description.read_bytes())))
    document["operations"] = {name: document["operations"][name] for name in sorted(operations)}
    shapes, kept, left = document["shapes"], set[str](), _shapes_in(document["operations"])
    while left:
        name = left.pop()
        kept.add(name)
        left |= _shapes_in(shapes[name]) - kept
    document["shapes"] = {name: shape for name, shape in shapes.items() if name in kept}
    description.with_suffix("").write_text(json.dumps(document))
    description.unlink()


def _shapes_in(part: object) -> set[str]:
    """The names of the shapes that a part of a description refers to: `{"shape": NAME}`, at any depth."""
    if not isinstance(part, dict):
        return set[str]().union(*map(_shapes_in, part)) if isinstance(part, list) else set()
    name = part.get("shape")  # a member may be called so, too
    return ({name} if isinstance(name, str) else set()) | _shapes_in([*part.values()])


def _without_documentation(part: Any) -> Any:  # any JSON
    if isinstance(part, dict):
        return {name: _without_documentation(value) for name, value in part.items() if name != "documentation"}
    return [*map(_without_documentation, part)] if isinstance(part, list) else part


def _drop_symbols(library: Path) -> None:
    """Cut from machine code what no segment is loaded from: symbols for debuggers and linkers. `strip` does no more.

    By ourselves, because not every machine has a `strip`, and few have one for other processors.
    """
    code = library.read_bytes()
    (table,), (size, count) = struct.unpack_from("<Q", code, 32), struct.unpack_from("<HH", code, 54)
    segments = [struct.unpack_from("<Q16xQ", code, table + n * size + 8) for n in range(count)]
    end = max(table + size * count, *(offset + length for offset, length in segments))
    cut = bytearray(code[:end])
    cut[40:48], cut[58:64] = bytes(8), bytes(6)  # where the sections are described, and how many
    library.write_bytes(cut)
