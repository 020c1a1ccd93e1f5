"""What the engines are held against each other by finds each engine that is broken."""

import pkgutil
from typing import Any

import pytest

from infra.embedded.engine import EmbeddedEngine
from tests.embedded.alphabet import Request, drawn, sequences_of_requests
from tests.embedded.engines import ask, empty, make_tables, stored

SEQUENCES = 200


MODULE = "infra.embedded.{}".format
_decide_all, _page = (
    pkgutil.resolve_name(MODULE("writes:_decide_all")),
    pkgutil.resolve_name(MODULE("reads:Reads._page")),
)


def skip_conditions(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MODULE("conditions._are_equal"), lambda *_: True)


def write_half_a_transaction(patch: pytest.MonkeyPatch) -> None:
    def half(*given: Any) -> Any:
        answer, statements = _decide_all(*given)
        return answer, statements[: (len(statements) + 1) // 2]

    patch.setattr(MODULE("writes._decide_all"), half)


def write_what_is_left_of_a_cancelled_transaction(patch: pytest.MonkeyPatch) -> None:
    def decide_each(wanted: Any, olds: Any) -> Any:
        kept = [(write, old) for write, old in zip(wanted, olds, strict=True) if write.may(old)]
        return {}, [each for write, old in kept for each in write.statements(old, write.become(old))]

    patch.setattr(MODULE("writes._decide_all"), decide_each)


def lose_what_is_added(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MODULE("updates.added"), lambda one, _: one)


def take_the_wrong_order(patch: pytest.MonkeyPatch) -> None:
    turned = {"part": "part DESC", "part DESC": "part"}
    patch.setattr(
        MODULE("reads.Reads._page"),
        lambda self, table, conditions, parameters, order, *more: _page(
            self, table, conditions, parameters, turned.get(order, order), *more
        ),
    )


def forget_to_delete(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MODULE("tables.Table.delete"), lambda *_: ("SELECT 1", ()))


def tell_no_item_in_the_way(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MODULE("writes._returns_old"), lambda _: False)


def forget_the_key_of_a_new_item(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MODULE("tables.Table.as_item"), lambda *_: {})


def take_what_is_behind_a_prefix(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MODULE("reads._behind"), lambda _: "")


BREAKS = (
    skip_conditions,
    write_half_a_transaction,
    write_what_is_left_of_a_cancelled_transaction,
    lose_what_is_added,
    take_the_wrong_order,
    forget_to_delete,
    tell_no_item_in_the_way,
    forget_the_key_of_a_new_item,
    take_what_is_behind_a_prefix,
)


@pytest.fixture(scope="module")
def sequences() -> list[list[Request]]:
    return drawn(sequences_of_requests(), SEQUENCES)


def answered(engine: EmbeddedEngine, sequence: list[Request]) -> Any:
    """All answers to a sequence, and what is kept of it."""
    empty(engine)
    return [ask(engine, *request) for request in sequence], stored(engine)


def test_an_engine_that_is_broken_is_seen(
    engine: EmbeddedEngine, sequences: list[list[Request]], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = [answered(engine, sequence) for sequence in sequences]
    assert [answered(engine, sequence) for sequence in sequences] == right, "a healthy one answers the same again"
    for break_it in BREAKS:
        with monkeypatch.context() as patch:
            break_it(patch)
            try:
                seen = any(
                    answered(engine, sequence) != wanted for sequence, wanted in zip(sequences, right, strict=True)
                )
            except (KeyError, IndexError):
                seen = True
        engine("DeleteTable", {"TableName": "ranged"})
        engine("DeleteTable", {"TableName": "hashed"})
        make_tables(engine)
        assert seen, break_it.__name__
