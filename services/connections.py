"""SQLite for the threads of a server that is not written in Python: their connections, and who writes when."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from peewee import OperationalError, SqliteDatabase

from services import turns

BUSY_SECONDS = 5  # how long a writer waits for another one
WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")


class ServedDatabase(SqliteDatabase):
    """Holds the connection of each thread until it is closed, or the next thread of that number opens its own.

    A server's thread that ends drops what it had while its own state is being cleared. Dropped there, the connection
    would hand back the functions that peewee gave it by a call into Python, and Python before 3.12.4 would abort the
    whole process (CPython issue 119585).

    The threads of a process write in turn: SQLite has no queue, only tries that come more and more seldom.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._held: dict[int, Any] = {}
        self._writing = _Queue()
        self._writer: int | None = None  # the thread that has it
        super().__init__(*arguments, **named)

    def begin(self, lock_type: str | None = None) -> None:
        with turns.given_up():
            self._wait_to_write()
            try:
                super().begin(lock_type)
            except BaseException:
                self._let_others_write()
                raise

    def commit(self) -> None:
        with turns.given_up():
            super().commit()
            self._let_others_write()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self._let_others_write()

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """Outside of a transaction a statement that writes is one of its own."""
        if self.in_transaction() or not sql.lstrip().startswith(WRITES):
            return super().execute_sql(sql, params)  # type: ignore[no-untyped-call]
        with turns.given_up():
            self._wait_to_write()
            try:
                return super().execute_sql(sql, params)  # type: ignore[no-untyped-call]
            finally:
                self._let_others_write()

    @contextmanager
    def relaxed(self) -> Iterator[None]:
        """A transaction that may be lost in a power cut: for check-ins, which come again by themselves."""
        self.execute_sql("PRAGMA synchronous = 1")
        try:
            with self.atomic():
                yield
        finally:
            self.execute_sql("PRAGMA synchronous = 2")

    def _wait_to_write(self) -> None:
        if not self._writing.acquire(timeout=BUSY_SECONDS):
            raise OperationalError("database is locked")
        self._writer = threading.get_ident()

    def _let_others_write(self) -> None:
        if self._writer == threading.get_ident():  # a rollback may follow a commit, or a begin that failed
            self._writer = None
            self._writing.release()

    def _connect(self) -> Any:
        connection = super()._connect()  # type: ignore[misc]
        self._held[threading.get_ident()] = connection
        return connection

    def _close(self, connection: Any) -> None:
        self._held.pop(threading.get_ident(), None)
        super()._close(connection)  # type: ignore[misc]


class _Queue:
    """A lock that goes to whoever has waited longest. A plain one goes to whoever comes by, and some wait for ever."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Lock] = deque()

    def acquire(self, timeout: float) -> bool:
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return True
            place = threading.Lock()
            place.acquire()
            self._waiting.append(place)
        if place.acquire(timeout=timeout):
            return True
        with self._guard:
            if place not in self._waiting:  # it came at the last moment
                return True
            self._waiting.remove(place)
            return False

    def release(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False
