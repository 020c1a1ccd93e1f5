"""Each rule of what is told finds what breaks it, and nothing in what is right; a listener notes what it has taken."""

import http.client
import json

import pytest

from tests.proof.hearsay import ANEW, LOST, MADE_UP, NUMBERS, Due, Heard, listening, wrongly_heard

DUE = (Due(1, "e1", "a"), Due(1, "e1", "b"), Due(1, "e2", "c"), Due(2, "e3", "d"))
HEARD = (Heard(1, "a", 1, "x"), Heard(1, "b", 1, "y"), Heard(1, "c", 2, "z"), Heard(2, "d", 1, "w"))


def test_what_is_right_breaks_no_rule_in_any_order_and_however_often_it_comes() -> None:
    assert list(wrongly_heard(DUE, [*reversed(HEARD), *HEARD])) == []


@pytest.mark.parametrize(
    ("heard", "rules"),
    [
        (HEARD[1:], [LOST]),
        ((*HEARD, Heard(1, "e", 3, "v")), [MADE_UP]),
        ((*HEARD, Heard(1, "a", 1, "otherwise")), [ANEW]),
        ((*HEARD[:2], Heard(1, "c", 3, "z"), HEARD[3]), [NUMBERS]),
        ((*HEARD[:2], Heard(1, "c", 1, "z"), HEARD[3]), [NUMBERS]),
    ],
)
def test_what_is_wrong_is_found(heard: tuple[Heard, ...], rules: list[str]) -> None:
    assert [one.rule for one in wrongly_heard(DUE, heard)] == rules


def test_a_listener_notes_what_it_has_taken_and_nothing_that_it_has_refused() -> None:
    body = json.dumps({"id": "a", "sequence": 1, "data": {"id": 7}})
    with listening(seed=1) as listener:
        connection = http.client.HTTPConnection("127.0.0.1", listener.port)
        answers = []
        for _ in range(60):
            connection.request("POST", "/T1", body)
            answers.append(connection.getresponse())
            answers[-1].read()
        assert listener.refused == sum(answer.status == 500 for answer in answers) > 0
        assert listener.heard("T1") == (Heard(7, "a", 1, body),) * (60 - listener.refused)
        with listener.calm():
            connection.request("POST", "/T1", body)
            assert connection.getresponse().status == 200
        connection.close()
