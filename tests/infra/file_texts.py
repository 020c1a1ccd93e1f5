"""What commands about files answer in text: see `TEXTS` in `test_admin.py`."""

from pathlib import Path

_OF = "--company {company} --from csv"
FILE_TEXTS = {
    "export": ("{folder} --company {company}", "folder", "{folder}"),
    "import plan": (f"{{file}} {_OF}", "new", "1"),
    "import apply": (f"{{file}} {_OF}", "new", "1"),
    "import verify": (f"{{no_rows}} {_OF}", "read", "0"),
}
_HEADS = "license_key,product,max_activations\n"


def files(folder: Path) -> dict[str, Path]:
    """A file of one license that is to be imported, one of none, and where to export to, by their names above."""
    (folder / "licenses.csv").write_text(_HEADS + "THEIR-KEY-1,viewer,3\n")
    (folder / "none.csv").write_text(_HEADS)
    return {"file": folder / "licenses.csv", "no_rows": folder / "none.csv", "folder": folder / "new"}
