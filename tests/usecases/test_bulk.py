"""Many objects at once: rows of the same one after the other, others side by side."""

from collections import defaultdict
from threading import Barrier

from chalicelib.usecases.bulk import change_each


def test_rows_of_the_same_object_are_done_in_their_order_and_others_beside_them() -> None:
    meeting, done = Barrier(2), defaultdict[int, list[str]](list)

    def change(row: tuple[int, int]) -> int:
        id, number = row
        done[id].append(f"{number} begins")
        meeting.wait(timeout=10)  # each of the two lets the other one come, too
        done[id].append(f"{number} ends")
        return number

    rows = [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)]
    assert [(row.id, row.answer) for row in change_each(rows, lambda row: row[0], change)] == rows
    steps = [f"{number} {step}" for number in range(3) for step in ("begins", "ends")]
    assert done == {1: steps, 2: steps}
