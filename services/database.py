"""The SQLite file: how it is opened, checked and migrated."""

from __future__ import annotations

import os
from contextlib import closing, suppress
from pathlib import Path

from peewee import DatabaseError, sqlite3  # type: ignore[attr-defined]

from models import database
from services import locks
from services.connections import BUSY_SECONDS, ServedDatabase

FILE_NAME = "muster.db"
MIGRATIONS = Path(__file__).parent.parent / "migrations"
PRAGMAS = {
    "busy_timeout": BUSY_SECONDS * 1000,
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: what was answered survives a power cut
    "foreign_keys": 1,
    "temp_store": 2,
    "cache_size": -4_000,  # kB, for each thread
}
# Up to this size every page is looked at when the server starts (0.2 s); of larger files only the header is.
CHECKED_WHOLE = 64 * 1024 * 1024

# Two connections that checkpoint a WAL at the same instant can lose pages before these versions.
WAL_IS_SAFE = ((3, 44, 6), (3, 50, 7), (3, 51, 3))

_path: Path | None = None


class DatabaseProblem(Exception):
    """The database cannot be used. The text is for the administrator."""


def open_database(folder: Path) -> None:
    """Say where the database is. Connections come with `connect`; a missing file is made by `migrate` alone."""
    global _path
    _path = folder / FILE_NAME
    address = f"{_path.absolute().as_uri()}?mode=rw"
    database.initialize(
        ServedDatabase(address, pragmas=PRAGMAS, lock_type="IMMEDIATE", autoconnect=False, uri=True)
    )


def connect() -> None:
    """Give this thread its connection; it keeps the one it has."""
    database.connect(reuse_if_open=True)


def close() -> None:
    """Close this thread's connection, if there is one. Call it before a fork."""
    if not database.is_closed():
        database.close()


def exists() -> bool:
    return _the_path().exists()


def folder() -> Path:
    """The data folder, with what an administrator may have put beside the database."""
    return _the_path().parent


def migrate() -> list[str]:
    """Bring the tables up to date, one process at a time; make the file if there is none.

    Returns the names of the migrations that were applied. Raises DatabaseProblem for a file that is no
    database, is damaged, or was made by a newer Muster: it is left as it is.
    """
    from playhouse.migrations import Runner  # only here: the server does not need its half megabyte

    with locks.named("migrate"):
        if not _the_path().exists():
            _make_file(_the_path())
        _refuse_cut_off(_the_path())
        try:
            was_closed = database.connect(reuse_if_open=True)
            _refuse_damaged(_the_path())
            _refuse_newer()
            applied: list[str] = Runner(database.obj, str(MIGRATIONS)).up()
        except DatabaseError as error:
            raise DatabaseProblem(f"The database {_the_path()} cannot be used: {error}.") from error
        if was_closed:
            database.close()
    return applied


def problem() -> str:
    """What is wrong with the database, in one line; nothing if it is whole and up to date."""
    try:
        _refuse_cut_off(_the_path())
        connect()
        _refuse_damaged(_the_path())
        _refuse_newer()
    except DatabaseProblem as problem:
        return str(problem)
    except DatabaseError as error:
        return f"The database {_the_path()} cannot be used: {error}."
    return "" if is_current() else "The database is of another version. Run: flask --app app migrate"


def is_current() -> bool:
    """Has every migration been applied?"""
    return _known() == _applied()


def is_wal_safe(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Is this SQLite library free of the fault that can lose committed pages in WAL mode?"""
    if version[:2] in ((3, 44), (3, 50)):
        return any(version[:2] == safe[:2] and version >= safe for safe in WAL_IS_SAFE)
    return version >= WAL_IS_SAFE[-1]


def library_version() -> str:
    return str(sqlite3.sqlite_version)


def _the_path() -> Path:
    if _path is None:
        raise RuntimeError("open_database() has not been called")
    return _path


def _make_file(path: Path) -> None:
    """An empty database, written beside and renamed, so that a crash leaves no half of one."""
    log = path.with_name(f"{FILE_NAME}-wal")
    if log.exists():
        raise DatabaseProblem(f"{path} is missing, but {log.name} is there. Put it back from your backup.")
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(str(draft))) as connection:
        connection.execute("PRAGMA journal_mode = wal")
    draft.rename(path)


def _refuse_cut_off(path: Path) -> None:
    """The header says how many pages there are; SQLite itself notices only when it reads a missing one.

    https://www.sqlite.org/fileformat2.html section 1.3: magic string, page size at 16, page count at 28.
    """
    with path.open("rb") as file:
        header = file.read(100)
    if header[:16] != b"SQLite format 3\0" or len(header) < 100:
        raise DatabaseProblem(
            f"{path} is not a database. Put it back from your backup, or move it away to start anew."
        )
    page_size = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    if path.stat().st_size < pages * (65_536 if page_size == 1 else page_size):
        raise DatabaseProblem(f"{path} is damaged: its end is missing. Put it back from your backup.")


def _refuse_damaged(path: Path) -> None:
    if path.stat().st_size > CHECKED_WHOLE:
        database.execute_sql("SELECT count(*) FROM sqlite_master").fetchone()
        return
    found = database.execute_sql("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise DatabaseProblem(f"{path} is damaged: {found.splitlines()[-1]}. Put it back from your backup.")


def _refuse_newer() -> None:
    unknown = _applied() - _known()
    if unknown:
        raise DatabaseProblem(
            f"The database was made by a newer Muster: it has {', '.join(sorted(unknown))}."
        )


def _known() -> set[str]:
    return {path.stem for path in MIGRATIONS.glob("[0-9]*.py")}


def _applied() -> set[str]:
    with suppress(DatabaseError):
        return {name for (name,) in database.execute_sql("SELECT name FROM schema_migration").fetchall()}
    return set()
