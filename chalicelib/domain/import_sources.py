"""From the files that a license system exports to the rows of an import, which are alike for all of them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from chalicelib.domain.import_files import FileRow, read_rows
from chalicelib.domain.types import Json


def import_rows_of(texts: Sequence[str], products: Mapping[str, str]) -> Iterator[FileRow]:
    """The rows of files, numbered through, in the words of `domain.license_rows`.

    `products`: the codes of products here, by what the other system calls them; those that are not in it have the same.
    Raises `Invalid` where a file cannot be read.
    """
    numbers = count(1)
    for row in (row for text in texts for row in read_rows(text)):
        yield FileRow(next(numbers), _with_product(row.row, products), row.problem)


def _with_product(row: Json, products: Mapping[str, str]) -> Json:
    named = row.get("product")
    theirs = named.get("short_code") if isinstance(named, dict) else named
    return row | {"product": products[theirs]} if isinstance(theirs, str) and theirs in products else row
