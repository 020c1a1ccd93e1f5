"""Lists of people, as they are pasted and as spreadsheets write them."""

import csv
import io
import json
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.batch import COLUMNS, MAX_BYTES, MAX_PEOPLE, Row, parse, to_csv
from chalicelib.domain.refusal import Refused

ADA, BOB = "ada@customer.test", "bob@customer.test"


@pytest.mark.parametrize(
    "text",
    [
        f"{ADA}\n{BOB}",
        f"{ADA}\r\n\r\n  {BOB}  \r\n",
        f"{ADA}, {BOB}",
        f"{ADA};{BOB};",
        f"{ADA} {BOB}",
        f"\ufeff{ADA}\t{BOB}",
        f"E-Mail\n{ADA}\n{BOB}\n",
        f"{ADA.upper()}\n{BOB}",
        f"{ADA}\r{BOB}\r",
        f"<{ADA}>, {BOB}",
    ],
)
def test_emails_alone_are_read_however_they_are_parted(text: str) -> None:
    assert [(row.email, row.problem) for row in parse(text)] == [(ADA, ""), (BOB, "")]


@pytest.mark.parametrize(
    "text",
    [
        f"Ada King <{ADA}>, Bob <{BOB}>",
        f"Ada King <{ADA}>; Bob <{BOB}>;",
        f"Ada King <{ADA}>\r\nBob <{BOB}>",
        f'"King, Ada" <{ADA}>, "Bob" <{BOB}>',
    ],
)
def test_addresses_as_a_mail_program_writes_them_tell_the_names(text: str) -> None:
    rows = [(row.email, row.first_name, row.last_name, row.problem) for row in parse(text)]
    assert rows == [(ADA, "Ada", "King", ""), (BOB, "Bob", "", "")]


@pytest.mark.parametrize(
    "text",
    [
        f"{ADA},Ada,King,+41 1,3",
        f"email;first name;last name;phone;max activations\n{ADA};Ada;King;+41 1;3",
        f"email,first name,last name,phone,max activations\r{ADA},Ada,King,+41 1,3\r",
        f"Max activations\tSurname\tFirst name\tE-mail\tPhone number\tRemark\n3\tKing\tAda\t{ADA}\t+41 1\tnew",
        f'"{ADA}","Ada","King","+41 1","3"',
        f"Ada King <{ADA}>,,,+41 1,3",
        f"\tE-mail\tFirst name\tLast name\tPhone\tMax activations\n1\t{ADA}\tAda\tKing\t+41 1\t3",
        f"{ADA},Ada,King,'+41 1,3",
    ],
)
def test_columns_are_read_in_any_order_that_the_first_row_names(text: str) -> None:
    assert parse(text) == [Row(1, ADA, "Ada", "King", "+41 1", 3)]


def test_cells_may_hold_what_parts_cells() -> None:
    [row] = parse(f'email,first name,last name\n{ADA},"King, née ""Byron""",Lovelace')
    assert (row.first_name, row.last_name) == ('King, née "Byron"', "Lovelace")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("nobody,No", "This is no e-mail address."),
        (",Ada,King", "This is no e-mail address."),
        (f"{ADA},Ada,King,,many", "Max activations is no number."),
        (f"{ADA},Ada,King,,-1", "Max activations is no number."),
        (f"{ADA},Ada,King,,²", "Max activations is no number."),
        (f"{ADA},{'A' * 101}", "A name has at most 100 characters, a phone number 40."),
        (f"{ADA},Ada\u202e", "A name has at most 100 characters, a phone number 40."),
    ],
)
def test_what_is_wrong_with_a_row_is_told(line: str, problem: str) -> None:
    rows = parse(f"{line}\n{BOB},Bob")
    assert [row.problem for row in rows] == [problem, ""]


@pytest.mark.parametrize(
    "text", [f"E-mail\n{ADA}, {BOB}", f"{ADA},{BOB},Bob", f"{ADA},Ada,King,,1,{BOB}", f"{ADA};Ada;Bob <{BOB}>"]
)
def test_nobody_is_left_out_in_silence(text: str) -> None:
    assert [(row.email, row.problem) for row in parse(text)] == [(ADA, "A second e-mail stands in this row.")]


def test_an_email_in_a_column_that_the_first_row_gives_another_name_is_left_alone() -> None:
    assert [row.problem for row in parse(f"E-mail,Superior\n{ADA},{BOB}")] == [""]


def test_what_parts_the_cells_may_be_told_by_a_later_row() -> None:
    assert [(row.email, row.first_name) for row in parse(f"{ADA}\n{BOB};Bob;King")] == [(ADA, ""), (BOB, "Bob")]


def test_a_person_counts_once() -> None:
    assert [bool(row.problem) for row in parse(f"{ADA}\n{BOB}\n{ADA.upper()}")] == [False, False, True]


@pytest.mark.parametrize(
    "text", ["", "  \n ", "\ufeff", "email,first name\n", "\n".join(f"{n}@a.test" for n in range(1001))]
)
def test_no_list_and_too_long_a_list_are_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(text)
    assert refused.value.code == "validation_error"


def test_a_thousand_people_are_read() -> None:
    assert len(parse("\n".join(f"{n}@a.test" for n in range(MAX_PEOPLE)))) == MAX_PEOPLE


def test_a_list_that_one_item_of_the_database_cannot_hold_is_refused() -> None:
    lines = [f"{n}@customer.test,{'Ж' * 40},{'Ж' * 40},+41" for n in range(MAX_PEOPLE)]
    with pytest.raises(Refused, match="in two parts"):
        parse("\n".join(lines))
    half = parse("\n".join(lines[: MAX_PEOPLE // 2]))
    assert len(json.dumps([astuple(row) for row in half])) <= MAX_BYTES


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert all(row.number == n for n, row in enumerate(parse(text), start=1))
    except Refused as refused:
        assert refused.code == "validation_error"


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@given(st.lists(st.tuples(CELL, CELL), min_size=1))
def test_what_is_written_can_be_read_and_is_no_formula(rows: list[tuple[str, str]]) -> None:
    header, *read = csv.reader(io.StringIO(to_csv(("a", "b"), rows), newline=""))
    assert header == ["a", "b"]
    for written, told in zip(rows, read, strict=True):
        for cell, shown in zip(written, told, strict=True):
            assert shown.removeprefix("'") == cell.removeprefix("'")
            assert not shown.startswith(("=", "+", "-", "@", "\t", "\r"))


NAME = CELL.filter(lambda text: text == text.strip() and text.isprintable() and "@" not in text and text[:1] != "'")
PEOPLE = st.lists(
    st.tuples(
        st.from_regex(r"[a-z=+-][a-z0-9]{0,9}@[a-z]{1,9}\.test", fullmatch=True), NAME, NAME, NAME, st.integers(0, 999)
    ),
    min_size=1,
    unique_by=lambda person: person[0],
)


@given(PEOPLE)
def test_a_list_that_is_written_is_read_as_the_same_list(people: list[tuple[str, str, str, str, int]]) -> None:
    rows = [Row(number, *person) for number, person in enumerate(people, start=1)]
    assert parse(to_csv(COLUMNS, [[str(cell) for cell in person] for person in people])) == rows
