"""SQLite for the threads of a server that is not written in Python."""

from __future__ import annotations

import threading
from typing import Any

from peewee import SqliteDatabase


class ServedDatabase(SqliteDatabase):
    """Holds the connection of each thread until it is closed, or the next thread of that number opens its own.

    A server's thread that ends drops what it had while its own state is being cleared. Dropped there, the connection
    would hand back the functions that peewee gave it by a call into Python, and Python before 3.12.4 would abort the
    whole process (CPython issue 119585).
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._held: dict[int, Any] = {}
        super().__init__(*arguments, **named)

    def _connect(self) -> Any:
        connection = super()._connect()  # type: ignore[misc]
        self._held[threading.get_ident()] = connection
        return connection

    def _close(self, connection: Any) -> None:
        self._held.pop(threading.get_ident(), None)
        super()._close(connection)  # type: ignore[misc]
