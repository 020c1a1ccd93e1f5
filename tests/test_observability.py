"""A line by itself: what it holds, what of errors and logs, and what CloudWatch reads from it."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from threading import Barrier

import pytest
from botocore.exceptions import ClientError

from chalicelib import observability
from chalicelib.runtime import runtime
from chalicelib.threads import ThreadPool
from chalicelib.version import VERSION, commit
from infra.local import TABLE_PREFIX
from tests.emf import metrics
from tests.log_records import written

SECRET = "hunter2"
THIS = {"version": VERSION, "commit": commit()}


def open_line() -> AbstractContextManager[None]:
    """The line of a request about nothing in particular."""
    return runtime().log.record("request", route="/here", method="GET")


def test_a_line_is_one_json_object_in_one_piece() -> None:
    with written() as output:
        with open_line():
            observability.add_fields(company="ACME", license_id=7, status=200)
        with open_line():
            pass
    assert output.getvalue().endswith("}\n")
    first, second = output.lines
    assert (first.pop("duration_ms") >= 0, second.pop("duration_ms") >= 0) == (True, True)
    assert first | {"cold_start": False} == second | {"company": "ACME", "license_id": 7, "status": 200}
    plain = {"kind": "request", "route": "/here", "method": "GET", "outcome": "ok", "cold_start": False}
    assert second == plain | THIS


@pytest.mark.parametrize(
    ("environment", "expected"), [({}, ""), ({"AWS_LAMBDA_FUNCTION_NAME": "seatkeeper-dev-api"}, "{")]
)
def test_lines_are_written_on_lambda_and_nothing_on_one_machine(environment: dict[str, str], expected: str) -> None:
    code = (
        "import os\n"
        "from chalicelib import observability as o\n"
        "from chalicelib.bootstrap import bootstrap\n"
        "log = bootstrap(os.environ).log\n"
        "for _ in range(2):\n"
        "    with log.record('request'):\n"
        "        o.add_metric(o.ACTIVATIONS)\n"
    )
    plain = {name: value for name, value in os.environ.items() if name != "AWS_LAMBDA_FUNCTION_NAME"}
    run = subprocess.run(
        [sys.executable, "-c", code], env=plain | environment, capture_output=True, text=True, check=True
    )
    assert (run.stdout[:1], run.stderr) == (expected, "")
    colds = [json.loads(line)["cold_start"] for line in run.stdout.splitlines()]
    assert colds == ([True, False] if expected else [])


def test_where_no_line_is_open_nothing_is_reported() -> None:
    with written() as output:
        observability.add_fields(company="ACME")
        observability.set_error("license_expired")
        observability.add_metric(observability.ACTIVATIONS)
        observability.set_max_metric(observability.OLDEST_DUE_AGE, 5)
    assert output.getvalue() == ""


# --- metrics ----------------------------------------------------------------------------------------------------


def test_cloudwatch_reads_each_metric_by_stage_and_refusals_also_by_code() -> None:
    with written() as output, open_line():
        for number, name in enumerate(observability.METRICS[2:5], start=1):
            observability.add_metric(name, number)
        observability.add_metric(observability.ACTIVATIONS)
        observability.add_metric(observability.ACTIVATIONS)
        observability.set_max_metric(observability.OLDEST_DUE_AGE, 4.5)
        observability.set_max_metric(observability.OLDEST_DUE_AGE, 1)
        observability.set_error("service_busy")
        observability.set_error("license_expired")  # an answer is one, whatever was meant before
    stage = f"Stage={TABLE_PREFIX}"
    assert metrics(output.line) == {
        ("Activations", stage): 2,
        ("ErrorResponses", stage): 1,
        ("ErrorResponses", stage, "Code=license_expired"): 1,
        ("Conflicts", stage): 1,
        ("Retries", stage): 2,
        ("SweepTransitions", stage): 3,
        ("OldestDueAge", stage): 4.5,
    }
    assert output.line["outcome"] == "license_expired"


def test_a_metric_without_a_value_is_not_named() -> None:
    with written() as output:
        with open_line():
            observability.add_metric(observability.CONFLICTS)
        with open_line():
            observability.set_error("not_found")
    conflict, refusal = output.lines
    assert (list(metrics(conflict)), "ErrorResponses" in conflict, "Code" in conflict) == (
        [("Conflicts", f"Stage={TABLE_PREFIX}")],
        False,
        False,
    )
    assert {name for name, *_ in metrics(refusal)} == {"ErrorResponses"}


# --- threads ----------------------------------------------------------------------------------------------------


def test_lines_of_several_threads_do_not_mix() -> None:
    barrier = Barrier(8)

    def request(number: int) -> None:
        with open_line():
            observability.add_fields(license_id=number)
            barrier.wait()
            observability.add_metric(observability.RETRIES, number)
            barrier.wait()

    with written() as output, ThreadPool(8) as threads:
        list(threads.map(request, range(1, 9)))
    assert sorted((line["license_id"], line["Retries"]) for line in output.lines) == [(n, n) for n in range(1, 9)]


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads change wherever they may."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("restless")
def test_what_a_request_has_done_in_threads_of_its_own_is_in_its_line_and_none_of_it_is_lost() -> None:
    together = Barrier(4)

    def work(_: int) -> None:
        together.wait()
        for n in range(20_000):
            observability.add_metric(observability.RETRIES)
            observability.set_max_metric(observability.OLDEST_DUE_AGE, n)

    with written() as output, ThreadPool(4) as threads:
        with open_line():
            list(threads.map(work, range(4)))
        list(threads.map(work, range(4)))  # of nobody any more
    assert (output.line["Retries"], output.line["OldestDueAge"]) == (80_000, 19_999)


# --- errors and logs --------------------------------------------------------------------------------------------


def fail(password: str) -> None:
    raise ValueError(f"the password is {password}")


def fail_because(password: str) -> None:
    try:
        fail(password)
    except ValueError as error:
        raise KeyError(password) from error


def test_of_an_error_only_the_types_and_where_they_came_from_are_reported() -> None:
    with written() as output, pytest.raises(KeyError), open_line():
        fail_because(SECRET)
    line = output.line
    assert line["outcome"] == "internal_error"
    (logged,) = line["records"]
    error, cause = logged["error"]
    assert (error["type"], cause["type"]) == ("KeyError", "ValueError")
    assert error["frames"][0].endswith(" fail_because")
    assert cause["frames"][0].startswith("tests/test_observability.py:")
    assert cause["frames"][0].endswith(" fail")
    assert SECRET not in output.getvalue()
    assert "the password" not in output.getvalue()


def test_what_aws_calls_its_error_is_reported() -> None:
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": SECRET}}, "GetItem")
    with written() as output, pytest.raises(ClientError), open_line():
        raise denied
    assert output.line["records"][0]["error"][0]["type"] == "ClientError AccessDeniedException"
    assert SECRET not in output.getvalue()


def test_an_endless_recursion_is_told_by_its_innermost_frames() -> None:
    def deeper(n: int) -> int:
        return deeper(n + 1)

    with written() as output, pytest.raises(RecursionError), open_line():
        deeper(0)
    frames = output.line["records"][0]["error"][0]["frames"]
    assert len(frames) == observability.MAX_FRAMES
    assert frames[0].endswith(" deeper")


def log_everything() -> None:
    try:
        fail(SECRET)
    except ValueError:
        logging.getLogger("seatkeeper").exception("bug in %s %s", "GET", "/here")
        logging.getLogger("some.library").exception("cannot send %s", SECRET)
    logging.getLogger("some.library").warning("%s is wrong", SECRET)
    logging.getLogger("chalicelib.usecases.forgotten_password").error("no code could be mailed: %s", "SES refuses")
    logging.getLogger("some.library").info("%s", SECRET)


def check_logged(entries: list[dict[str, object]]) -> None:
    assert [(entry["logger"], entry.get("message"), "error" in entry) for entry in entries] == [
        ("seatkeeper", "bug in GET /here", True),
        ("some.library", None, True),
        ("some.library", None, False),
        ("chalicelib.usecases.forgotten_password", "no code could be mailed: SES refuses", False),
    ]
    assert all(str(entry["location"]).startswith("tests/test_observability.py:") for entry in entries)


def test_what_is_logged_is_part_of_the_line_and_of_others_code_only_the_place_is_reported() -> None:
    with written() as output, open_line():
        log_everything()
    check_logged(output.line["records"])
    assert SECRET not in output.getvalue()


def test_what_is_logged_outside_of_every_line_is_a_line_of_its_own() -> None:
    with written() as output:
        log_everything()
    assert {line["kind"] for line in output.lines} == {"log"}
    assert all(line | THIS == line for line in output.lines)
    check_logged(output.lines)
    assert SECRET not in output.getvalue()


def test_nothing_that_a_client_may_choose_can_make_a_line_long_or_two() -> None:
    chosen = 'x"}\n{"kind":"request"\u2028' * 1000
    with written() as output, runtime().log.record("request", method=chosen):
        pass
    assert output.line["method"] == chosen[: observability.MAX_METHOD_LENGTH]
    assert len(output.getvalue()) < 600
