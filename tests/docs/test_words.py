"""Old words of this house that say nothing alone are no names any more: each thing is called what it is."""

import io
import re
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[2]
OLD = {"told", "untold", "asker", "in_our_shape", "taker", "takers", "settle", "settled", "baseline"}
BRITISH = re.compile(r"catalogue|colour|normalise|organis|authoris|licence", re.IGNORECASE)
"""In names: `license` and `authorize` are American, too, and search needs one spelling."""
_WORD = re.compile(rf"\b({'|'.join(OLD)})\b|{BRITISH.pattern}", re.IGNORECASE)
REASONED = {("tests/proof/linear.py", "settled")}
"""Calls that are over: the proof's own word, said there."""


def test_nothing_has_an_old_word_for_a_name() -> None:
    found = set()
    for path in [
        ROOT / "app.py",
        *(file for top in ("chalicelib", "infra", "tests") for file in (ROOT / top).rglob("*.py")),
    ]:
        source = path.read_text()
        if _WORD.search(source):
            tokens = tokenize.generate_tokens(io.StringIO(source).readline)
            names = {token.string.lower() for token in tokens if token.type == tokenize.NAME}
            old = names & OLD | {name for name in names if BRITISH.search(name)}
            found |= {(path.relative_to(ROOT).as_posix(), name) for name in old}
    assert found - REASONED == set()


def test_email_is_written_in_one_way() -> None:
    lists = ROOT / "tests/domain/test_people_list.py"  # others write it as they like
    files = [file for top in ("chalicelib", "infra", "tests", "docs") for file in (ROOT / top).rglob("*.*")]
    text = [file for file in files if file.suffix in {".py", ".html", ".js", ".md"} and file != lists]
    assert [file.name for file in text if re.search(r"\b[eE][-]mail", file.read_text())] == []
