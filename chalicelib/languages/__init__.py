"""What people read, in their language: English stands where it is used, and is translated there for who reads.

    gettext("The license was reset.")                        a text
    gettext("{who} was assigned.", who=email)                with parameters, by name
    ngettext("{n} device", "{n} devices", number)            of one or of several; `n` is the number, written
    _TITLES = {"reset": mark("Reset license")}               in a table; `gettext(_TITLES[code])` where it is read

Each other language is one file beside this one, `<code>.po`, as translators know it (docs/languages.md). It is read as
it is: no file has to be compiled and kept beside it.
"""

import gettext as standard
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from chalicelib.domain.errors import Invalid

ENGLISH = "en"
FOLDER = Path(__file__).parent
MAX_ACCEPTED = 500
"""Characters of an `Accept-Language` that are looked at."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads what is written now."""

    language: str = ""
    """A code; English where there is no such language."""
    zone: str = ""
    """An IANA name, of the time that is shown; empty: UTC."""


@dataclass(frozen=True, slots=True)
class _Catalog:
    texts: Mapping[str, tuple[str, ...]]
    """By the English text, that of one where there are several: the translation, or its plural forms."""
    form: Callable[[int], int]
    """Which of the plural forms a number takes."""


_reader: ContextVar[Reader] = ContextVar("reader")
_ANYBODY = Reader()


def reader() -> Reader:
    """Who reads what is written now; English and UTC where nobody has said."""
    return _reader.get(_ANYBODY)


def language() -> str:
    """The code of the language that texts are in now."""
    code = reader().language
    return code if code in _files(FOLDER) else ENGLISH


@contextmanager
def writing_for(who: Reader) -> Iterator[None]:
    """Write what is written inside for this reader."""
    token = _reader.set(who)
    try:
        yield
    finally:
        _reader.reset(token)


def go_on_for(who: Reader) -> None:
    """Go on for this reader, within a `writing_for`: it is known by now who reads."""
    _reader.set(who)


def gettext(english: str, **params: object) -> str:
    """A text in the reader's language; `params` stand in it by name. One that is not translated is English."""
    [text] = _catalog().texts.get(english, (english,))
    return text.format(**params) if params else text


def ngettext(one: str, several: str, count: int, **params: object) -> str:
    """The text of one or of several, in the reader's language; the number stands in it as `n`."""
    catalog = _catalog()
    forms = catalog.texts.get(one, (one, several))
    return forms[catalog.form(count)].format(n=number(count), **params)


def mark(english: str) -> str:
    """The text itself: what is translated only where it is read."""
    return english


def number(count: int) -> str:
    """A whole number, as the language writes it."""
    between = gettext("1\N{NARROW NO-BREAK SPACE}000")[1:-3]
    return f"{count:,}".replace(",", between)


def day(when: date) -> str:
    """A day, such as `5 Dec 2026`."""
    return _written(when, gettext("%-d %b %Y"))


def day_of_year(when: date) -> str:
    """A day of this year, such as `5 Dec`."""
    return _written(when, gettext("%-d %b"))


def minute(when: datetime) -> str:
    """A day and a time, to the minute."""
    return _written(when, gettext("%-d %b %Y, %H:%M"))


def _written(when: date, form: str) -> str:
    months = gettext("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec").split()
    return when.strftime(form.replace("%b", months[when.month - 1]))


def languages() -> Mapping[str, str]:
    """Each language that we have, as it calls itself, by its code; English first."""
    english = mark("English")
    return {ENGLISH: english} | {code: _read(file).texts[english][0] for code, file in _files(FOLDER).items()}


def known_language(code: str) -> str:
    """The code of a language that we have, unchanged. Raises `Invalid`: `language_unknown`."""
    if code not in languages():
        raise Invalid("language_unknown", field="language")
    return code


def accepted(header: str) -> str:
    """The best that we have of an `Accept-Language`, `de-CH, en;q=0.5`; empty: none of them."""
    wanted = []
    for part in header[:MAX_ACCEPTED].split(","):
        name, _, weight = part.strip().partition(";")
        wanted.append((_weight(weight), name.partition("-")[0].strip().lower()))
    known = [(weight, code) for weight, code in wanted if weight > 0 and code in (ENGLISH, *_files(FOLDER))]
    return max(known, key=lambda found: found[0], default=(0.0, ""))[1]


def _weight(text: str) -> float:
    name, _, weight = text.replace(" ", "").partition("=")
    try:
        return float(weight) if name == "q" else 1.0
    except ValueError:
        return 0.0


def _catalog() -> _Catalog:
    file = _files(FOLDER).get(reader().language)
    return _ENGLISH if file is None else _read(file)


_ENGLISH = _Catalog({}, lambda count: int(count != 1))


@cache
def _files(folder: Path) -> Mapping[str, Path]:
    """The file of each language but English, by its code."""
    return {file.stem: file for file in sorted(folder.glob("*.po"))}


@cache
def _read(file: Path) -> _Catalog:
    """A catalog as Babel writes it: entries with an empty line between two, of keywords with quoted lines."""
    texts: dict[str, tuple[str, ...]] = {}
    for entry in file.read_text().strip().split("\n\n"):
        parts: dict[str, str] = {}
        keyword = ""
        for line in entry.splitlines():
            if line.startswith("#"):
                continue
            if not line.startswith('"'):
                keyword, _, line = line.partition(" ")  # noqa: PLW2901 - what is left of it
            parts[keyword] = parts.get(keyword, "") + json.loads(line)
        texts[parts.pop("msgid")] = tuple(text for name, text in parts.items() if name.startswith("msgstr"))
    rule = texts.pop("")[0].partition("plural=")[2].partition(";")[0]
    return _Catalog(texts, standard.c2py(rule))
