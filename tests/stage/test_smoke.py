"""The smoke test, as an operator runs it."""

from infra.stage import smoke_scenario
from tests.stage.operator import STAGE, Operator


def test_the_stage_is_tried_and_nothing_is_left_behind(operator: Operator, url: str) -> None:
    answer = operator.succeeds("infra.stage", "smoke", STAGE.name, "--url", url)
    assert "All is well" in answer
    assert [item for item in operator.items() if smoke_scenario.PREFIX in str(item)] == []


def test_an_address_where_nothing_is_fails_and_nothing_is_left_behind(operator: Operator, url: str) -> None:
    done = operator.run("infra.stage", "smoke", STAGE.name, "--url", f"{url}/nowhere")
    assert done.returncode == 1
    assert "NOT so: the public key is there for all" in done.stderr
    assert [item for item in operator.items() if smoke_scenario.PREFIX in str(item)] == []
