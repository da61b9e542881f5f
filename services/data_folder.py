"""The data folder: its locks, its key file and its database, opened in the order that is safe."""

from __future__ import annotations

from pathlib import Path

from services import database, keyring, locks
from services.database import DatabaseProblem


def open_data_folder(folder: Path) -> None:
    """Open all that is in the folder; make the folder, and a key as long as there is no database yet.

    Raises DatabaseProblem or KeyringError, each with one line for the administrator: a database whose key is
    missing never gets a new one, because what it holds would stay closed for ever.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        locks.open_locks(folder)
        keyring.open_keyring(folder, create=not (folder / database.FILE_NAME).exists())
    except OSError as error:
        raise DatabaseProblem(f"The data folder {folder} cannot be used: {error.strerror}.") from None
    database.open_database(folder)
