"""The tests of the License API, all but those that look into the process, against the deployed stage."""

from tests.stage.operator import STAGE, Operator


def test_the_license_api_is_at_the_stage_what_it_is_in_process(operator: Operator, host: str) -> None:
    """By the name of the stage, as on AWS: a signature may cover the path that the client sends."""
    tests = ("tests/licenseapi", "--quiet", "--color=no", "-p", "no:cacheprovider")
    there = {"SEATKEEPER_TEST_URL": f"{operator.ministack.endpoint}/{STAGE.name}", "SEATKEEPER_TEST_HOST": host}
    answer = operator.succeeds("pytest", *tests, **there, **STAGE.environment)
    print(answer)
    assert " passed" in answer
