"""What the columns of a list mean, by the names that spreadsheets give them in English, German, French and Spanish."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

from chalicelib.domain.errors import Invalid

Meaning = Literal["email", "first_name", "last_name", "name", "phone_number", "max_activations", ""]
"""`name`: first and last name in one cell; empty: nothing that is used."""
IN_ORDER: tuple[Meaning, ...] = ("email", "first_name", "last_name", "phone_number", "max_activations")
"""The columns of a list without a first row that names them."""
MAX_COLUMNS = 40
_SHOWN = 60
_WORDS: dict[Meaning, str] = {
    "email": "email emailaddress emailadresse mail mailadresse adressemail courriel correo correoelectronico",
    "first_name": "first firstname givenname forename vorname rufname prenom nombredepila primernombre",
    "last_name": "last lastname surname familyname nachname familienname zuname nomdefamille apellido apellidos",
    "name": "fullname displayname vollstandigername anzeigename nomcomplet nombrecompleto name nom nombre",
    "phone_number": (
        "phone phonenumber phoneno telephone telephonenumber tel telno mobile mobilephone mobilenumber cell cellphone "
        "businessphone telefon telefonnummer telefonnr rufnummer handy handynummer mobil mobiltelefon mobilnummer "
        "numerodetelephone portable telephoneportable telefono numerodetelefono movil telefonomovil celular"
    ),
    "max_activations": (
        "maxactivations maximumactivations activations activationlimit maxdevices maxaktivierungen aktivierungen "
        "maximaleaktivierungen anzahlaktivierungen maxgerate maxgeraete activationsmax activationsmaximales "
        "nombredactivations nombremaxdactivations maxactivaciones activaciones activacionesmax activacionesmaximas "
        "numerodeactivaciones"
    ),
}
_MEANT = {word: meaning for meaning, words in _WORDS.items() for word in words.split()}
_LIKE_AN_EMAIL = ("mail", "courriel", "correo")
_HALF_A_NAME = ("name", "nom", "nombre")
"""Words for all of a name, or for the half of it that no other column has."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list, numbered from 0. `title` is its name in the list, empty where it has none."""

    number: int
    title: str
    meaning: Meaning


def read_titles(cells: Sequence[str]) -> list[Meaning] | None:
    """What the columns mean by a first row that names them; None where it names none."""
    if any("@" in cell for cell in cells):
        return None
    folded = [_folded(cell) for cell in cells]
    meant: list[Meaning] = [_MEANT.get(word, "") for word in folded]
    if "email" not in meant:
        like = (n for n, word in enumerate(folded) if any(part in word for part in _LIKE_AN_EMAIL))
        if (number := next(like, None)) is not None:
            meant[number] = "email"
    if not any(meant):
        return None
    for number, word in enumerate(folded):
        if word in _HALF_A_NAME:
            meant[number] = _half(meant)
        elif meant[number] == "name" and {"first_name", "last_name"} & set(meant):
            meant[number] = ""
    return meant


def columns_of(titles: Sequence[str], meant: Sequence[Meaning], chosen: Mapping[int, str]) -> list[Column]:
    """The columns as they are to be read: as they were `chosen`, by number, else as they are `meant`."""
    found = []
    for number, title in enumerate(titles):
        choice = chosen.get(number, meant[number] if number < len(meant) else "")
        meaning = cast(Meaning, choice) if choice in get_args(Meaning) else ""
        found.append(Column(number, title[:_SHOWN], meaning))
    return found


def guard_columns(columns: Sequence[Column]) -> None:
    """Each meaning has one column, and there is one of emails.

    Raises `Invalid`; `columns` among its parameters are the titles of columns, or the numbers of those without.
    """
    for meaning in filter(None, get_args(Meaning)):
        alike = tuple(column.title or column.number for column in columns if column.meaning == meaning)
        if len(alike) > 1:
            raise Invalid("columns_repeat", field="people", columns=alike, meaning=meaning)
    if not any(column.meaning == "email" for column in columns):
        raise Invalid("column_of_emails_missing", field="people")


def _half(meant: Sequence[Meaning]) -> Meaning:
    """What a mere "name" is beside the other columns."""
    if "first_name" in meant:
        return "" if "last_name" in meant else "last_name"
    return "first_name" if "last_name" in meant else "name"


def _folded(text: str) -> str:
    """Letters and digits alone, without accents and case: "Max. Aktivierungen" is `maxaktivierungen`."""
    plain = unicodedata.normalize("NFKD", text[:_SHOWN].casefold())
    return "".join(letter for letter in plain if letter.isalnum())
