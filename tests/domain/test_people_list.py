"""Lists of people, as they are pasted and as spreadsheets write them."""

import json
from dataclasses import astuple
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.batch import MAX_BYTES, MAX_PEOPLE, Row
from chalicelib.domain.columns import IN_ORDER
from chalicelib.domain.errors import Invalid, SeatkeeperError
from chalicelib.domain.people_list import read_file, read_list, read_one
from chalicelib.domain.spreadsheet import to_csv

ADA, BOB = "ada@customer.test", "bob@customer.test"


def parse(text: str) -> list[Row]:
    """The rows of a list that is read as it stands."""
    people = read_list(text)
    assert people.problem is None
    return people.rows


def meant(text: str) -> list[str]:
    """What its columns are taken for."""
    return [column.meaning for column in read_list(text).columns]


@pytest.mark.parametrize(
    ("text", "person"),
    [
        (ADA, ("", "", ADA)),
        (f"  {ADA};\n", ("", "", ADA)),
        (f"Ada King <{ADA}>", ("Ada", "King", ADA)),
        (f"King, Ada <{ADA}>", ("Ada", "King", ADA)),
        ("", ("", "", "")),
        ("no e-mail", ("", "", "no e-mail")),
        ("ada @customer.test", ("", "", "ada @customer.test")),
        (f"{ADA}, {BOB}", None),
        (f"{ADA} {BOB}", None),
        (f"{ADA}\n{BOB}", None),
        (f"{ADA},Ada,King", None),
        (f"{ADA}\tAda", None),
        ("no e-mail\nat all", None),
    ],
)
def test_one_person_is_told_from_a_list(text: str, person: tuple[str, str, str] | None) -> None:
    assert read_one(text) == person


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
        f"King, Ada <{ADA}>; Bob <{BOB}>",
        f"King, Ada <{ADA}>, Bob <{BOB}>",
        f"King, Ada <{ADA}>\r\nBob <{BOB}>\r\n",
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


NO_COUNT = "count_malformed"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("nobody,No", "email_malformed"),
        (",Ada,King", "email_malformed"),
        (f"{ADA},Ada,King,,many", NO_COUNT),
        (f"{ADA},Ada,King,,-1", NO_COUNT),
        (f"{ADA},Ada,King,,²", NO_COUNT),
        (f"{ADA},{'A' * 101}", "profile_too_long"),
        (f"{ADA},Ada,King,{'1' * 41}", "profile_too_long"),
        (f"{ADA},Ada\a", "profile_not_printable"),
    ],
)
def test_what_is_wrong_with_a_row_is_reported(line: str, problem: str) -> None:
    rows = parse(f"{line}\n{BOB},Bob")
    assert [row.problem for row in rows] == [problem, ""]


@pytest.mark.parametrize(
    "text", [f"E-mail\n{ADA}, {BOB}", f"{ADA},{BOB},Bob", f"{ADA},Ada,King,,1,{BOB}", f"{ADA};Ada;Bob <{BOB}>"]
)
def test_nobody_is_left_out_in_silence(text: str) -> None:
    assert [(row.email, row.problem) for row in parse(text)] == [(ADA, "second_email")]


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
    with pytest.raises(SeatkeeperError) as refused:
        parse(text)
    assert isinstance(refused.value, Invalid)


def test_a_thousand_people_are_read() -> None:
    assert len(parse("\n".join(f"{n}@a.test" for n in range(MAX_PEOPLE)))) == MAX_PEOPLE


def test_a_list_that_one_item_of_the_database_cannot_hold_is_refused() -> None:
    lines = [f"{n}@customer.test,{'Ж' * 40},{'Ж' * 40},+41" for n in range(MAX_PEOPLE)]
    with pytest.raises(SeatkeeperError, match="list_too_large"):
        parse("\n".join(lines))
    half = parse("\n".join(lines[: MAX_PEOPLE // 2]))
    assert len(json.dumps([astuple(row) for row in half])) <= MAX_BYTES


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert all(row.number == n for n, row in enumerate(read_list(text).rows, start=1))
    except SeatkeeperError as refused:
        assert isinstance(refused, Invalid)


PRINTABLE = st.characters(exclude_categories=["C", "Z"], include_characters=" ", exclude_characters="@")
NAME = st.text(PRINTABLE, max_size=20).map(lambda text: normalize("NFC", text.strip())).filter(str.isprintable)
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
    assert parse(to_csv(IN_ORDER, [[str(cell) for cell in person] for person in people])) == rows


# --- columns as spreadsheets of four languages write them ---------------------------------------------------------

TITLES = [
    "email,first name,last name,phone,max activations",
    "E-Mail;Vorname;Nachname;Telefon;Max. Aktivierungen",
    "E-Mail-Adresse;Vorname;Name;Handynummer;MaxActivations",
    "Adresse e-mail;Pr\xe9nom;Nom;T\xe9l\xe9phone;Nombre max. d\u2019activations",
    "Courriel;PRENOM;Nom de famille;Tel.;Activations max",
    "Correo electr\xf3nico;Nombre;Apellidos;Tel\xe9fono m\xf3vil;Activaciones m\xe1x.",
    "e_mail\tGiven Name\tSURNAME\tMobile phone\tmax_activations",
]
ADA_ROW = Row(1, ADA, "Zo\xeb", "M\xfcller", "+41 1", 5)


@pytest.mark.parametrize("titles", TITLES, ids=ascii)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_what_a_spreadsheet_writes_is_read_whole(titles: str, encoding: str) -> None:
    mark = next(mark for mark in "\t;," if mark in titles)
    for first in ("", f"sep={mark}\r\n"):
        cells = mark.join((ADA, "Zo\xeb", "M\xfcller", "+41 1", "5"))
        text = f"{first}{titles}\r\n{cells}\r\n"
        assert parse(read_file(text.encode(encoding))) == [ADA_ROW]


@pytest.mark.parametrize(
    "content", [b"\xff\xfea", b"\x81\x8d", b"a@b.test\0", "a@b.test".encode("utf-16-le")], ids=repr
)
def test_bytes_that_are_no_text_are_refused_and_never_replaced(content: bytes) -> None:
    with pytest.raises(SeatkeeperError, match="list_unreadable"):
        read_file(content)


@pytest.mark.parametrize(
    ("titles", "meanings"),
    [
        ("E-Mail;Name", ["email", "name"]),
        ("E-Mail;Nom;Pr\xe9nom", ["email", "last_name", "first_name"]),
        ("Mail;Nombre;Apellido", ["email", "first_name", "last_name"]),
        ("E-mail;Display Name;First Name;Last Name", ["email", "", "first_name", "last_name"]),
        ("E-mail;Name;Vorname;Nachname", ["email", "", "first_name", "last_name"]),
        ("Imi\u0119;Adres e-mail", ["", "email"]),
        ("Kontakt;Vorname", ["email", "first_name"]),
        ("E-Mail;Abteilung;Bemerkung", ["email", "", ""]),
    ],
)
def test_each_column_is_taken_for_something_or_named_as_unused(titles: str, meanings: list[str]) -> None:
    cells = ";".join(ADA if meaning == "email" else "x" for meaning in meanings)
    assert meant(f"{titles}\n{cells}") == meanings
    assert [column.title for column in read_list(f"{titles}\n{cells}").columns] == titles.split(";")


def test_a_full_name_in_one_column_is_parted() -> None:
    rows = parse(f"E-Mail;Name\n{ADA};King, Ada\n{BOB};Bob Joe")
    assert [(row.first_name, row.last_name) for row in rows] == [("Ada", "King"), ("Bob", "Joe")]


def test_cells_beyond_the_named_columns_are_a_column_of_their_own() -> None:
    assert [column.title for column in read_list(f"E-mail;Vorname\n{ADA};Ada;King").columns] == [
        "E-mail",
        "Vorname",
        "",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            f"E-Mail;Telefon;Handy\n{ADA};1;2",
            ("columns_repeat", {"columns": ("Telefon", "Handy"), "meaning": "phone_number"}),
        ),
        ("Vorname;Nachname\nAda;King", ("column_of_emails_missing", {})),
    ],
)
def test_columns_that_contradict_each_other_have_to_be_chosen(text: str, problem: tuple[str, dict[str, str]]) -> None:
    people = read_list(text)
    assert people.rows == []
    assert people.problem is not None
    assert (people.problem.code, people.problem.params) == problem


def test_what_was_chosen_goes_before_what_is_guessed() -> None:
    text = f"E-Mail;Telefon;Handy\n{ADA};1;2"
    assert [row.phone_number for row in read_list(text, {1: "", 2: "phone_number"}).rows] == ["2"]
    assert [row.first_name for row in read_list(text, {1: "first_name"}).rows] == ["1"]
    assert read_list(f"Ada;{ADA}", {0: "first_name", 1: "email"}).rows == [Row(1, ADA, "Ada")]


@pytest.mark.parametrize(
    ("count", "number"), [("5", 5), ("5,0", 5), ("5.00", 5), ("", 1), ("0", 0), ("5.0000", 5), ("\uff15", 5)]
)
def test_a_count_is_read_as_a_spreadsheet_writes_it(count: str, number: int) -> None:
    assert parse(f"E-Mail;Max Activations\n{ADA};{count}")[0].max_activations == number


@pytest.mark.parametrize("mark", list(".,'\u2019 \xa0\u202f\uff0c\u066c"))
@pytest.mark.parametrize("groups", [("1", "000"), ("12", "000"), ("1", "500"), ("1", "000", "000")])
def test_a_count_that_is_a_thousand_in_another_country_is_never_another_number(
    mark: str, groups: tuple[str, ...]
) -> None:
    [row] = parse(f"E-Mail;Max Activations\n{ADA};{mark.join(groups)}")
    assert row.problem == NO_COUNT or row.max_activations == int("".join(groups))


@pytest.mark.parametrize(
    "name", ["Ada\nKing", "Ada\r\n King", "Ada\tKing", "Ada\xa0King", "\ufeffAda\u200b King\u202e", " Ada King "]
)
def test_a_name_is_one_line_without_what_nobody_sees(name: str) -> None:
    assert parse(f'email;first name;last name\n{ADA};"{name}";x') == [Row(1, ADA, "Ada King", "x")]


QUOTED = ["'{}'", '"{}"', "\u2018{}\u2019", "\u201c{}\u201d", "\u201e{}\u201c", "\xab{}\xbb", "\xab {} \xbb", "{}"]


@pytest.mark.parametrize("quoted", QUOTED)
def test_a_name_in_whatever_quotation_marks_is_the_name(quoted: str) -> None:
    king, own = quoted.format("King, Ada"), quoted.format(BOB) if quoted[0] in "'\"" else ""
    people = [Row(1, ADA, "Ada", "King"), Row(2, BOB)]
    assert parse(f"{king} <{ADA}>; {own} <{BOB}>") == people
    assert [row.last_name for row in parse(f"'t Hooft, Gerard <{ADA}>; O'Brien, Conan' <{BOB}>")] == [
        "'t Hooft",
        "O'Brien",
    ]


def test_a_list_of_too_many_columns_is_refused() -> None:
    with pytest.raises(SeatkeeperError, match="list_too_wide"):
        read_list(ADA + ";x" * 41)
