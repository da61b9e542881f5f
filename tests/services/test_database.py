"""The SQLite file: opened with care, migrated once, and refused when it is not what it should be."""

from __future__ import annotations

import multiprocessing
import random
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from peewee import IntegrityError, OperationalError, SqliteDatabase, sqlite3

import models
from services import clock, database, keyring, locks
from services.data_folder import open_data_folder
from services.database import DatabaseProblem

NOISE = random.Random(1).randbytes(9000)  # the same each time: other noise may look like a page


@pytest.fixture
def folder(app: Flask, tmp_path: Path) -> Iterator[Path]:
    database.close()
    folder = tmp_path / "own"
    yield folder
    database.close()


@pytest.fixture
def opened(folder: Path) -> Path:
    open_data_folder(folder)
    database.migrate()
    database.connect()
    return folder


def test_folder_key_and_database_are_for_their_owner_alone(opened: Path) -> None:
    assert stat.S_IMODE(opened.stat().st_mode) == 0o700
    models.Setting.create(key="organisation", value="Harbour Clinic")
    for path in opened.iterdir():
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_every_connection_is_careful(opened: Path) -> None:
    pragmas = {name: models.database.execute_sql(f"PRAGMA {name}").fetchone()[0] for name in database.PRAGMAS}
    assert pragmas == database.PRAGMAS
    assert models.database.execute_sql("PRAGMA mmap_size").fetchone()[0] == 0


def test_foreign_keys_hold(opened: Path) -> None:
    with pytest.raises(IntegrityError):
        models.UserRole.create(user=7, role="lock")


def test_all_twelve_statuses_are_there(opened: Path) -> None:
    assert {row.name for row in models.DeviceStatus.select()} == {str(status) for status in models.Status}


def test_an_unknown_status_is_refused(opened: Path) -> None:
    alice = models.User.create(
        code="a", username="alice", name="Alice", name_search="alice", created_at=clock.now()
    )
    with pytest.raises(IntegrityError):
        models.Device.create(
            code="d", user=alice, platform="linux", channel="agent", status="sunk", status_at=1,
            ownership="company", created_at=1,
        )  # fmt: skip


def test_the_migrations_make_what_the_models_say(opened: Path, tmp_path: Path) -> None:
    other = SqliteDatabase(str(tmp_path / "models.db"))
    with other.bind_ctx(models.TABLES), other.connection_context():
        other.create_tables(models.TABLES)
        wanted = _schema(other)
    migrated = {
        name: found for name, found in _schema(models.database.obj).items() if "schema_migration" not in name
    }
    assert migrated == wanted


def test_migrating_again_changes_nothing(opened: Path) -> None:
    assert database.is_current()
    assert database.migrate() == []


def test_connections_are_not_opened_by_accident(opened: Path) -> None:
    database.close()
    with pytest.raises(Exception, match="not opened"):
        models.Setting.select().count()


def test_a_transaction_takes_the_write_lock_at_once(opened: Path) -> None:
    with (
        closing(sqlite3.connect(str(opened / "muster.db"), timeout=0)) as other,
        models.database.atomic(),
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        other.execute("INSERT INTO setting (key, value) VALUES ('x', '1')")


def test_relaxed_ends_with_its_block(opened: Path) -> None:
    with models.database.relaxed():
        assert models.database.execute_sql("PRAGMA synchronous").fetchone()[0] == 1
    assert models.database.execute_sql("PRAGMA synchronous").fetchone()[0] == 2


def test_opening_never_makes_a_database(folder: Path) -> None:
    folder.mkdir()
    database.open_database(folder)
    with pytest.raises(OperationalError):
        database.connect()
    assert not (folder / "muster.db").exists()


def test_a_folder_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseProblem, match="cannot be used") as problem:
        open_data_folder(tmp_path / "file")
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize("content", [b"", b"hello", b"SQLite format 3\0", NOISE])
def test_a_file_that_is_no_database_is_refused_and_left_alone(opened: Path, content: bytes) -> None:
    path = opened / "muster.db"
    database.close()
    path.write_bytes(content)
    with pytest.raises(DatabaseProblem, match="not a database") as problem:
        database.migrate()
    assert path.read_bytes() == content
    assert "\n" not in str(problem.value)


def test_a_database_that_was_cut_off_is_refused(opened: Path) -> None:
    path = opened / "muster.db"
    database.close()
    half = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(half)
    with pytest.raises(DatabaseProblem, match="end is missing"):
        database.migrate()
    assert path.read_bytes() == half


def test_a_database_with_a_broken_page_is_refused(opened: Path) -> None:
    path = opened / "muster.db"
    database.close()
    whole = bytearray(path.read_bytes())
    whole[4096 * 2 : 4096 * 3] = NOISE[:4096]
    path.write_bytes(whole)
    with pytest.raises(DatabaseProblem) as problem:
        database.migrate()
    assert "\n" not in str(problem.value)
    assert path.read_bytes() == bytes(whole)


def test_a_lost_database_with_its_log_is_not_started_anew(opened: Path) -> None:
    database.close()
    (opened / "muster.db").rename(opened / "elsewhere")
    (opened / "muster.db-wal").write_bytes(b"the last changes")
    with pytest.raises(DatabaseProblem, match="backup"):
        database.migrate()
    assert not (opened / "muster.db").exists()


def test_a_database_without_its_key_gets_no_new_one(opened: Path) -> None:
    database.close()
    (opened / "muster.key").unlink()
    with pytest.raises(keyring.KeyringError, match="missing"):
        open_data_folder(opened)
    assert not (opened / "muster.key").exists()


def test_a_newer_database_is_refused(opened: Path) -> None:
    models.database.execute_sql(
        "INSERT INTO schema_migration (name, applied) VALUES ('0099_later', '2026-01-01')"
    )
    assert not database.is_current()
    with pytest.raises(DatabaseProblem, match="0099_later"):
        database.migrate()


def test_certificates_from_before_they_were_renewed_are_known_to_end(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _open_as_before("0011", folder, tmp_path, monkeypatch)
    models.User.create(code="a", username="alice", name="Alice", name_search="alice", created_at=1)
    known = {"user": 1, "platform": "ios", "channel": "apple", "status_at": 1, "ownership": "employee"}
    for code, status, registered_at in (("b", "active", 5_000), ("c", "enrolling", None)):
        device = models.Device.create(
            code=code, status=status, created_at=3_000, registered_at=registered_at, **known
        )
        models.database.execute_sql(
            "INSERT INTO apple_enrolment (device_id, topic, pushed_at, inventory) VALUES (?, '', 0, '{}')",
            (device.id,),
        )
    database.migrate()
    ends = [row.certificate_ends_at for row in models.AppleEnrolment.select()]
    assert ends == [5_000 + 1_824 * 86_400, 3_000 + 1_824 * 86_400]


def test_what_joined_before_phones_had_a_user_channel_has_one_if_it_is_a_mac(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _open_as_before("0013", folder, tmp_path, monkeypatch)
    models.User.create(code="a", username="alice", name="Alice", name_search="alice", created_at=1)
    known = {"user": 1, "channel": "apple", "status": "active", "status_at": 1, "ownership": "employee"}
    for platform in ("ios", "macos"):
        device = models.Device.create(code=platform, platform=platform, created_at=1, **known)
        models.database.execute_sql(
            "INSERT INTO apple_enrolment (device_id, topic, pushed_at, inventory) VALUES (?, '', 0, '{}')",
            (device.id,),
        )
    database.migrate()
    assert [row.has_user_channel for row in models.AppleEnrolment.select()] == [False, True]


def test_a_migration_that_fails_leaves_the_old_tables(
    opened: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations = tmp_path / "migrations"
    shutil.copytree(database.MIGRATIONS, migrations)
    (migrations / "0900_wrong.py").write_text(
        "def up(migrator, db):\n"
        "    db.execute_sql('CREATE TABLE half (id INTEGER)')\n"
        "    db.execute_sql('INSERT INTO nowhere VALUES (1)')\n"
    )
    monkeypatch.setattr(database, "MIGRATIONS", migrations)
    with pytest.raises(DatabaseProblem, match="nowhere"):
        database.migrate()
    assert "half" not in models.database.get_tables()
    assert not database.is_current()


def test_four_processes_on_an_empty_folder_migrate_once(folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        results = pool.map(_migrate, [folder] * 4)
    assert sorted(len(applied) for applied in results) == [0, 0, 0, len(database._known())]


def test_versions_of_sqlite_with_the_wal_fault_are_known() -> None:
    for version in ((3, 40, 1), (3, 44, 5), (3, 46, 0), (3, 50, 6), (3, 51, 2)):
        assert not database.is_wal_safe(version), version
    for version in ((3, 44, 6), (3, 50, 7), (3, 51, 3), (3, 53, 0), (3, 53, 4)):
        assert database.is_wal_safe(version), version
    assert database.is_wal_safe()


def _open_as_before(number: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables as they were before the migration of that number."""
    open_data_folder(folder)
    with monkeypatch.context() as patch:
        patch.setattr(database, "MIGRATIONS", shutil.copytree(database.MIGRATIONS, tmp_path / "before"))
        for path in database.MIGRATIONS.glob("*.py"):
            if path.name >= number:
                path.unlink()
        database.migrate()
    database.connect()


def _migrate(folder: Path) -> list[str]:
    open_data_folder(folder)
    applied = database.migrate()
    with locks.named("migrate"):
        return applied


def _schema(of: SqliteDatabase) -> dict[str, Any]:
    """Every table with its columns, keys and checks, and every index. Columns may stand in another order."""
    rows = of.execute_sql("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: _table(of, name, text) if kind == "table" else _folded(text) for kind, name, text in rows}


def _table(of: SqliteDatabase, name: str, text: str) -> tuple[Any, ...]:
    columns = of.execute_sql(f'PRAGMA table_info("{name}")').fetchall()
    keys = of.execute_sql(f'PRAGMA foreign_key_list("{name}")').fetchall()
    return (
        sorted((column[1], column[2], column[3], column[5]) for column in columns),
        sorted((key[3], key[2], key[4] or "id", key[6]) for key in keys),
        sorted(re.findall(r"CHECK \(.*?\)\)", _folded(text))),
    )


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", text)
