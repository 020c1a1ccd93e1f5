"""The catalogs of `chalicelib/languages`: `.venv/bin/python -m tests.languages` brings them up to date with the code.

A text that is new is added, without a translation; one that is used no more is taken out. A test asks that nothing is
left to do, and that every text is translated (tests/test_languages.py).
"""

import io
import re
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from chalicelib.languages import FOLDER
from chalicelib.web.errors import ERRORS
from chalicelib.web.messages import MESSAGES
from chalicelib.web.refusal_messages import COUNTED, REASONS

CODE = FOLDER.parent
HEADER = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Language: {language}\\n"
"Plural-Forms: {plurals};\\n"

"""
_KEYWORDS = {"gettext": None, "_": None, "mark": None, "ngettext": (1, 2)}
_JINJA = {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
_PARTS = {"1\N{NARROW NO-BREAK SPACE}000", "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"}


class Text(NamedTuple):
    """What is to be translated: the text of one, and of several where there is such."""

    one: str
    several: str = ""

    @property
    def id(self) -> str | tuple[str, str]:
        """As Babel has it."""
        return (self.one, self.several) if self.several else self.one


@cache
def texts() -> frozenset[Text]:
    """Every text that is read in the language of its reader."""
    return frozenset((*_extracted(), *_of_web()))


def _extracted() -> Iterator[Text]:
    for file in sorted([*CODE.rglob("*.py"), *CODE.rglob("*.html")]):
        method = "python" if file.suffix == ".py" else "jinja2.ext:babel_extract"
        options = {} if file.suffix == ".py" else _JINJA
        for _, found, _, _ in extract_from_file(method, file, keywords=_KEYWORDS, options=options):
            yield Text(*found) if isinstance(found, tuple) else Text(found)


def _of_web() -> Iterator[Text]:
    """What all adapters say. Its English is that of the License API, which knows no other language."""
    for english in (*MESSAGES.values(), *(sentence for _, sentence in ERRORS.values())):
        yield Text(english)
    for clause in (*REASONS.values(), *chain.from_iterable(COUNTED.values())):
        yield Text(clause)


def catalogs() -> list[Path]:
    """The file of each language."""
    return sorted(FOLDER.glob("*.po"))


def read(file: Path) -> Catalog:
    """A catalog, as Babel knows it."""
    with file.open("rb") as opened:
        return read_po(opened, locale=file.stem)


def up_to_date(file: Path) -> str:
    """A catalog as it is to be stored: sorted, so that two changes seldom meet, and without a date."""
    old = read(file)
    new = Catalog(locale=file.stem)
    for text in texts():
        known = old.get(text.one)
        plural = bool(known and known.pluralizable)
        new.add(text.id, known.string if known and plural == bool(text.several) else "")
    written = io.BytesIO()
    write_po(written, new, width=0, omit_header=True, no_location=True, sort_output=True)
    entries = re.sub(r"^#, .*\n", "", written.getvalue().decode(), flags=re.MULTILINE)
    return HEADER.format(language=file.stem, plurals=old.plural_forms.rstrip(";")) + entries.strip() + "\n"


def write_pseudo(folder: Path) -> None:
    """Put `xx.po` into a folder: a language in which every text is the English, marked and longer."""
    catalog = Catalog(locale="en")
    for text in texts():
        forms = [pseudo(form) for form in text if form]
        catalog.add(text.id, forms[0] if len(forms) == 1 else tuple(forms))
    written = io.BytesIO()
    write_po(written, catalog, omit_header=True)
    header = HEADER.format(language="xx", plurals="nplurals=2; plural=(n != 1)")
    (folder / "xx.po").write_text(header + written.getvalue().decode())


def pseudo(text: str) -> str:
    """A text of that language. Names of months, and how numbers are written, stand in other texts."""
    return text if text in _PARTS else f"⟦{text}{'~' * (1 + len(text) // 3)}⟧"


if __name__ == "__main__":
    for catalog in catalogs():
        catalog.write_text(up_to_date(catalog))
        print(f"{catalog}: {sum(not message.string for message in read(catalog) if message.id)} without a translation")
