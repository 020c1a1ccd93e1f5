"""Catalogs are whole, and say the same as the English; what is read is in the reader's language."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import pytest

from chalicelib import languages
from chalicelib.languages import Reader, accepted, gettext, mark, minute, ngettext, number, writing_for
from chalicelib.web.refusal_messages import COUNTED
from tests.languages import Text, catalogs, read, texts, up_to_date, write_pseudo

each_catalog = pytest.mark.parametrize("file", catalogs(), ids=lambda file: file.stem)


def names(text: str) -> set[str]:
    """The parameters of a text. The number of things may be said in words: "one device"."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None} - {"n"}


def marks(text: str) -> tuple[list[str], int]:
    """The tags of a text; and quotes beside them, which would end an attribute."""
    tags = re.findall(r"<[^>]*>", text)
    return sorted(tags), (text.count('"') - "".join(tags).count('"'))


@each_catalog
def test_a_catalog_holds_every_text_of_the_code_and_no_other(file: Path) -> None:
    assert file.read_text() == up_to_date(file), "run: .venv/bin/python -m tests.languages"


@each_catalog
def test_every_text_is_translated_with_the_same_parameters_and_tags(file: Path) -> None:
    catalog = read(file)
    wrong = [
        text.one
        for text in sorted(texts())
        if not faithful(text, catalog[text.one].string, catalog.num_plurals if text.several else 1)
    ]
    assert wrong == []


def faithful(text: Text, translated: str | Sequence[str] | None, forms: int) -> bool:
    """Whether a translation has all its forms, each with what the English has."""
    given = [translated or ""] if isinstance(translated, str | None) else translated
    alike = {(names(one), marks(one)) == (names(text.one), (marks(text.one)[0], 0)) for one in given}
    return len(given) == forms and all(given) and alike == {True}


def test_a_thing_is_written_in_one_way() -> None:
    otherwise = re.compile(r"e[-]mail| …|\.\.\.", re.IGNORECASE)
    assert [one for text in sorted(texts()) for one in text if otherwise.search(one)] == []


NEVER_ONE = {
    "{people} are too many; {most} can be assigned at once.",
    "{most} updates of the license are pending, and there are no more at a time.",
    "{n} fields need to be corrected.",
    *(some for *_, some in COUNTED.values()),  # where more are taken than are allowed
}
"""Of these numbers none is 0 or 1."""


def test_a_sentence_that_counts_says_it_of_one_and_of_several() -> None:
    counted = re.compile(r"\{\w+\}( of (the )?(\{\w+\} )?)?[a-z ]*\b(are|were|have|need)\b")
    sentences = {text.one for text in texts() if not text.several and counted.match(text.one)}
    assert sentences - NEVER_ONE == set()


@pytest.mark.parametrize(
    ("text", "translated"),
    [
        (Text("Save"), ""),
        (Text("{n} device", "{n} devices"), ("{n} Gerät", "")),
        (Text("{n} device", "{n} devices"), ("{n} Gerät",)),
        (Text("{who} was assigned."), "{wer} wurde zugewiesen."),
        (Text("{who} was assigned."), "Zugewiesen."),
        (Text("<code>{id}</code>"), "{id}"),
        (Text("Save"), 'Jetzt "speichern"'),
    ],
)
def test_what_a_translation_lacks_is_found(text: Text, translated: str | tuple[str, ...]) -> None:
    assert not faithful(text, translated, 2 if text.several else 1)


@each_catalog
def test_every_month_has_a_name(file: Path) -> None:
    with writing_for(Reader(file.stem)):
        assert len(gettext("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec").split()) == 12


def test_dates_and_numbers_are_written_as_the_language_writes_them() -> None:
    written = {}
    for code in ("", "de", "tlh"):
        with writing_for(Reader(code)):
            written[code] = (minute(datetime(2026, 3, 5, 14, 7, tzinfo=UTC)), number(1234567), number(999))
    assert written[""] == ("5 Mar 2026, 14:07", "1\u202f234\u202f567", "999")
    assert written["de"] == ("5. März 2026, 14:07", "1.234.567", "999")
    assert written["tlh"] == written[""], "of a language that we do not have"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", ""),
        ("de", "de"),
        ("de-CH, en;q=0.5", "de"),
        ("en-US,en;q=0.9,de;q=0.8", "en"),
        ("fr, de;q=0.3, en; q=0.2", "de"),
        ("DE;q=0.8,en;q=0.9", "en"),
        ("de;q=0, fr", ""),
        ("de;q=nan, en;q=high", ""),
        ("*", ""),
        ("de_DE", ""),
        ("../de", ""),
    ],
)
def test_a_browser_is_answered_in_the_language_that_it_likes_best_of_ours(header: str, language: str) -> None:
    assert accepted(header) == language


def test_another_language_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pseudo(tmp_path)
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    assert (accepted("xx, en"), languages.languages()) == ("xx", {"en": "English", "xx": "⟦English~~~⟧"})
    with writing_for(Reader("xx")):
        assert gettext("All times: {zone}", zone="UTC") == "⟦All times: UTC~~~~~~⟧"
        assert (ngettext("{n} a", "{n} b", 1), ngettext("{n} a", "{n} b", 1000)) == ("1 a", "1\u202f000 b")
        assert mark("Save") == "Save"
