"""`coldstart`: what a cold start of the packaged function costs, by its parts, in CPU.

The package is made for this machine's own processors, and runs in fresh processes that find nothing else. What it
speaks to is on this machine too, without TLS: so the certificates that a connection to AWS reads are a part by itself.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chalicelib.bootstrap import bootstrap
from chalicelib.domain.events import Actor
from chalicelib.domain.license import DeviceReport
from chalicelib.domain.types import Json
from chalicelib.runtime import using
from chalicelib.store.database import create_tables
from chalicelib.usecases.activate import activate
from chalicelib.usecases.license_lookup import LicenseLookup
from chalicelib.web import clock
from infra import local, output
from infra.bench.imports import INSTALLED, LIBRARIES, OURS, cpu_ms
from infra.call import signed_headers
from infra.markdown import markdown_table
from infra.progress import Progress
from infra.scratch import scratch_folder
from infra.stage import smoke_scenario
from infra.stage.package import ARCHITECTURES, package
from infra.stage.small_aws import small_aws
from infra.stage.stages import Stage, StageError

HELP = "measure a cold start of the package of a stage, by its parts; two minutes"
EXAMPLE = ".venv/bin/python -m infra.stage coldstart dev"
RUNS = 15
"""Fresh processes of each kind, by turns, for a machine is never the same for long."""

PARTS = (
    ("import of Chalice", "import chalice.app"),
    ("import of Pydantic", "import pydantic; pydantic.BaseModel, pydantic.Field"),
    ("import of botocore and PynamoDB", "import botocore.session, pynamodb.connection, pynamodb.models"),
    ("import of cryptography", "import cryptography.hazmat.primitives.serialization"),
    (
        "import of our modules",
        "import chalicelib.bootstrap, chalicelib.licenseapi.routes, chalicelib.portal.routes; "
        "import chalicelib.usecases.sweep, chalicelib.usecases.send_mails, chalicelib.usecases.deliver_events; "
        "import chalicelib.web.health",
    ),
    ("routes, secrets from SSM, client of DynamoDB", "import app; of_aws = types.SimpleNamespace(aws_request_id='1')"),
    ("the first check", "answers.append(app.app(asked['check'], of_aws))"),
    ("the second check", "answers.append(app.app(asked['check'], of_aws))"),
    ("the first page of the portal", "answers.append(app.app(asked['page'], of_aws))"),
    (
        "certificates for one connection by TLS",
        "import ssl; ssl.create_default_context(cafile=sys.modules['botocore'].__path__[0] + '/cacert.pem')",
    ),
)
"""What a process does one after the other, and the Python of it."""
_PROGRAM = """
import gc, json, sys, time, types
gc.disable()  # as the app does
taken, answers, asked = [time.process_time()], [], json.load(sys.stdin)
sys.path += asked["places"]
for part in asked["parts"]:
    start = time.process_time()
    exec(part)
    taken.append(time.process_time() - start)
print(json.dumps({"ms": [1000 * seconds for seconds in taken], "statuses": [a["statusCode"] for a in answers]}))
"""


def add_arguments(_page: argparse.ArgumentParser) -> None:
    """Nothing beside the stage."""


def run(stage: Stage, _given: argparse.Namespace) -> int:
    """Make the package, measure, and print."""
    architecture = _architecture()
    with scratch_folder("seatkeeper-coldstart-") as scratch:
        archive, task = package(stage, architecture, Path(scratch, "made")).archive, Path(scratch, "task")
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(task)
        home = Path(scratch, "home")
        with situation(stage, home) as asked:
            rounds, progress, on_disk = [], Progress("rounds", RUNS), local.environment(home)
            for done in range(RUNS):
                jobs = ((OURS, task), (LIBRARIES, INSTALLED), (LIBRARIES, task))
                imports = [cpu_ms(code, place, environment=on_disk) for code, place in jobs]
                rounds.append([*parts_ms(asked, [task]), *imports])
                progress.show(done + 1)
        sizes = f"Archive: {archive.stat().st_size / 1e6:.1f} MB."
    measured = f"{RUNS} fresh processes of each, by turns; {architecture}, Python {platform.python_version()}."
    output.answer(f"{table(rounds)}\n{sizes} {measured}")
    return 0


@dataclass(frozen=True, slots=True)
class Situation:
    """What a function finds, and what it is asked."""

    environment: dict[str, str]
    events: dict[str, Json]


@contextmanager
def situation(stage: Stage, home: Path) -> Iterator[Situation]:
    """A company on this machine with one active device, in an empty folder."""
    local.prepare(home)
    secrets = json.loads(local.secrets_file(home).read_bytes())
    with using(bootstrap(local.environment(home))), small_aws(stage, local.database_file(home), secrets) as environment:
        create_tables()
        with smoke_scenario.company() as ours:
            lookup = LicenseLookup(smoke_scenario.PRODUCT, "pc", ours.license_key)
            activate(ours.code, lookup, None, DeviceReport("pc"), Actor("coldstart"), now=clock.now())
            query = {"product": smoke_scenario.PRODUCT, "hardware_id": "pc", "license_key": ours.license_key or ""}
            headers = signed_headers(ours.api_key, ours.shared_key)
            events = {
                "check": _event("/api/v4/check_license", headers, query),
                "page": _event("/portal/log-in", {}, {}),
            }
            yield Situation(environment | {"SEATKEEPER_TABLE_PREFIX": local.TABLE_PREFIX}, events)


def parts_ms(asked: Situation, places: Sequence[Path]) -> list[float]:
    """CPU of Python itself, and of each of `PARTS`, in milliseconds; modules are found in these places alone.

    Raises `StageError` where a part fails.
    """
    what = {"places": [str(place) for place in places], "parts": [code for _, code in PARTS], **asked.events}
    done = subprocess.run(
        [sys.executable, "-ISB", "-c", _PROGRAM],
        input=json.dumps(what),
        env={"PATH": os.defpath, "AWS_LAMBDA_FUNCTION_NAME": "api", **asked.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StageError(f"The package does not run: {done.stderr.strip().splitlines()[-1]}")
    answer = json.loads(done.stdout.splitlines()[-1])  # the log is before it
    if set(answer["statuses"]) != {200}:
        raise StageError(f"The package answers {answer['statuses']}, and not 200 each time.")
    ms: list[float] = answer["ms"]
    return ms


def table(rounds: Sequence[Sequence[float]]) -> str:
    """In Markdown: of each part the least and the median; then the import of the app beside that of its libraries."""
    rows = [["CPU, ms", "least", "median"], ["---", "--:", "--:"]]
    *parts, ours, installed, packaged = zip(*rounds, strict=True)
    for name, taken in zip(("Python itself", *(name for name, _ in PARTS)), parts, strict=True):
        rows.append([name, f"{min(taken):.1f}", f"{statistics.median(taken):.1f}"])
    for name, libraries in (("as they are installed", installed), ("as they are packaged", packaged)):
        least, median = (of(ours) / of(libraries) for of in (min, statistics.median))
        rows.append([f"import of the app, of that of its libraries {name}", f"{least:.2f}", f"{median:.2f}"])
    return markdown_table(rows)


def _event(path: str, headers: dict[str, str], query: dict[str, str]) -> Json:
    """What API Gateway hands to a function, as far as Chalice reads it."""
    return {
        "requestContext": {
            "httpMethod": "GET",
            "path": path,
            "resourcePath": path,
            "extendedRequestId": "1",
            "identity": {"sourceIp": "192.0.2.7"},
        },
        "headers": headers,
        "pathParameters": None,
        "stageVariables": None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} or None,
        "body": None,
        "isBase64Encoded": False,
    }


def _architecture() -> str:
    """Lambda's name of this machine's processors. Raises `StageError`."""
    named = {machine: name for name, machine in ARCHITECTURES.items()}.get(platform.machine())
    if sys.platform != "linux" or named is None:
        raise StageError(f"A package is for Linux on {' or '.join(ARCHITECTURES)}: this machine cannot import it.")
    return named
