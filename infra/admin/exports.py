"""The command `export`: all that a company has, a file for each noun."""

from functools import partial
from pathlib import Path

from chalicelib.domain.instants import Instant, to_iso
from chalicelib.usecases.create import find_company
from infra.admin.command_result import CommandResult
from infra.admin.export_files import Format, file_name, open_export, write_rows
from infra.admin.export_rows import NOUNS
from infra.progress import counting


def export(folder: str, company: str, format: Format, *, now: Instant) -> CommandResult:
    code, path, rows = find_company(company).code, Path(folder), []
    with open_export(path, code, format, to_iso(now)) as begun:
        is_done = len(begun.files) == len(NOUNS) and all(file.done for file in begun.files.values())
        for noun in NOUNS:
            with counting(f"{noun.name.replace('_', ' ')} written") as tell:
                file = write_rows(path, begun, noun.name, noun.columns, partial(noun.rows, code, now), tell)
            rows.append({"file": file_name(noun.name, format), "rows": file.rows})
    note = "It was all there before: name another folder for a new export." if is_done else ""
    return CommandResult({"company": code, "folder": folder, "begun_at": begun.begun_at, "files": rows}, note)
