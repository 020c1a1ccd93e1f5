"""A home whose data another engine has kept is served as it is: all of it is there, and nothing of it is lost."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import using
from chalicelib.store.database import create_tables
from infra import local
from infra.embedded import database
from infra.move import MoveError, move
from tests import roto
from tests.store.seam import every_item
from tests.support import Vendor

NAME = "seatkeeper.db"


def old_home(home: Path) -> tuple[str, list[dict[str, Any]]]:
    """A home of before, with a vendor and a license in it; answers the vendor's code and all items."""
    with roto.as_aws(home / "data"):
        create_tables()
        vendor = Vendor()
        vendor.activate(vendor.issue(), "pc")
        return vendor.code, [item for table in ("licenses", "accounts") for item in every_item(table)]


def items_of(home: Path) -> list[dict[str, Any]]:
    with using(bootstrap(local.environment(home))):
        return [item for table in ("licenses", "accounts") for item in every_item(table)]


def in_order(items: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(item, sort_keys=True) for item in items)


def test_all_that_was_kept_is_there_and_the_old_folder_stays(tmp_path: Path) -> None:
    _, kept = old_home(tmp_path)
    moved = move(tmp_path / "data", NAME, local.TABLE_PREFIX)
    assert moved is not None
    assert moved >= len(kept)
    assert in_order(items_of(tmp_path)) == in_order(kept)
    assert (tmp_path / "data.before" / "dynamodb.db").exists()
    assert move(tmp_path / "data", NAME, local.TABLE_PREFIX) is None, "once"


def test_a_move_that_was_cut_short_is_done_again_or_finished(tmp_path: Path) -> None:
    _, kept = old_home(tmp_path)
    (tmp_path / "data.new").mkdir()
    (tmp_path / "data.new" / NAME).write_bytes(b"half")
    assert move(tmp_path / "data", NAME, local.TABLE_PREFIX)
    (tmp_path / "data").rename(tmp_path / "data.new")  # as between the two names
    assert move(tmp_path / "data", NAME, local.TABLE_PREFIX) is None
    assert in_order(items_of(tmp_path)) == in_order(kept)


def test_data_that_an_older_server_uses_is_not_moved(tmp_path: Path) -> None:
    with (
        roto.start(tmp_path / "data"),
        pytest.raises(MoveError, match=r"^An older server is running on .*data: stop it first\.$"),
    ):
        move(tmp_path / "data", NAME, local.TABLE_PREFIX)
    assert (tmp_path / "data" / "dynamodb.db").exists()


def test_data_that_cannot_be_moved_is_one_sentence_and_stays(tmp_path: Path) -> None:
    old_home(tmp_path)
    (tmp_path / "data.before").mkdir()
    with pytest.raises(MoveError, match=r"data\.before is in the way: move it elsewhere, it holds data of before\.$"):
        move(tmp_path / "data", NAME, local.TABLE_PREFIX)
    (tmp_path / "data.before").rmdir()
    with closing(sqlite3.connect(tmp_path / "data" / "dynamodb.db")) as source:
        source.execute("UPDATE items SET item = 'x'")
        source.commit()
    with pytest.raises(MoveError, match=r"data cannot be moved: "):
        move(tmp_path / "data", NAME, local.TABLE_PREFIX)
    assert (tmp_path / "data" / "dynamodb.db").exists()


def test_a_move_for_which_there_is_no_room_is_one_sentence_and_is_done_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's own limit stands for that of the disk."""
    _, kept = old_home(tmp_path)
    with monkeypatch.context() as full:
        full.setattr(database, "SETTINGS", f"{database.SETTINGS}; PRAGMA max_page_count = 7;")
        with pytest.raises(MoveError, match=r"data cannot be moved: .* disk is full "):
            move(tmp_path / "data", NAME, local.TABLE_PREFIX)
    assert [name for name in ("data.new", "data.before") if (tmp_path / name).exists()] == []
    assert move(tmp_path / "data", NAME, local.TABLE_PREFIX)
    assert in_order(items_of(tmp_path)) == in_order(kept)
