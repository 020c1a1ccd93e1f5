"""The tests of the License API, all but those that look into the process, against the deployed stage."""

from tests.stage.operator import STAGE, Operator


def test_the_license_api_is_at_the_stage_what_it_is_in_process(operator: Operator, url: str) -> None:
    tests = ("tests/licenseapi", "--quiet", "--color=no", "-p", "no:cacheprovider")
    told = operator.succeeds("pytest", *tests, SEATKEEPER_TEST_URL=url, **STAGE.environment)
    print(told)
    assert " passed" in told
