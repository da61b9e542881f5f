"""Connections outlive threads that Python did not start; the threads of one process write in turn."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from peewee import IntegrityError, OperationalError

from models import Throttle, User, UserRole, database
from services import connections
from tests.servers import until

ROOT = Path(__file__).parents[2]

# A thread as the server has them: the system's own, which calls into Python and then ends.
THREAD_OF_A_SERVER = """
import ctypes, sys
from pathlib import Path
from models import User
from services import database
from services.data_folder import open_data_folder

open_data_folder(Path(sys.argv[1]))
database.migrate()

@ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
def ask(_):
    database.connect()
    print("users:", User.select().count(), flush=True)

system, thread = ctypes.CDLL(None), ctypes.c_ulong()
for _ in range(3):
    assert system.pthread_create(ctypes.byref(thread), None, ask, None) == 0
    system.pthread_join(thread, None)
"""


def test_a_thread_of_the_server_may_end_with_its_connection_open(tmp_path: Path) -> None:
    program = [sys.executable, "-c", THREAD_OF_A_SERVER, str(tmp_path)]
    ended = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == ["users: 0"] * 3


def test_a_connection_that_was_closed_is_held_no_longer(app: Flask) -> None:
    def ask() -> None:
        database.connect(reuse_if_open=True)
        assert threading.get_ident() in database.obj._held
        User.select().count()
        database.close()
        counted.append(threading.get_ident() in database.obj._held)

    counted: list[bool] = []
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert counted == [False]


def keep(key: str) -> None:
    Throttle.create(key=key, last_at=1)


def in_a_thread(deed: Callable[[], None]) -> list[BaseException]:
    """What went wrong there."""
    wrong: list[BaseException] = []

    def run() -> None:
        database.connect(reuse_if_open=True)
        try:
            deed()
        except OperationalError as error:
            wrong.append(error)
        finally:
            database.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    return wrong


@pytest.mark.parametrize("deed", [lambda: keep("b"), lambda: database.atomic()(keep)("b")])
def test_who_waits_too_long_for_another_thread_is_told(
    app: Flask, monkeypatch: pytest.MonkeyPatch, deed: Callable[[], None]
) -> None:
    monkeypatch.setattr(connections, "BUSY_SECONDS", 0.1)
    with database.atomic():
        keep("a")
        assert [str(error) for error in in_a_thread(deed)] == ["database is locked"]
    assert in_a_thread(deed) == []
    assert Throttle.select().count() == 2


def test_who_has_waited_longest_writes_next(app: Flask) -> None:
    queue, told = connections._Queue(), []

    def wait_in(number: int) -> None:
        assert queue.acquire(timeout=30)
        told.append(number)
        queue.release()

    assert queue.acquire(timeout=0)
    waiting = [threading.Thread(target=wait_in, args=(number,)) for number in range(5)]
    for number, thread in enumerate(waiting, start=1):
        thread.start()
        until(lambda number=number: len(queue._waiting) == number)
    queue.release()
    for thread in waiting:
        thread.join(30)
    assert told == [0, 1, 2, 3, 4]


def test_who_gave_up_is_not_waited_for(app: Flask) -> None:
    queue = connections._Queue()
    assert queue.acquire(timeout=0)
    assert not queue.acquire(timeout=0.01)
    queue.release()
    assert queue.acquire(timeout=0)


def test_a_commit_that_fails_lets_the_others_write(app: Flask) -> None:
    def give_a_role_to_nobody() -> None:
        database.execute_sql("PRAGMA defer_foreign_keys = 1")  # so that it is found out at the end
        UserRole.insert(user=999, role="lock").execute()

    with pytest.raises(IntegrityError):
        database.atomic()(give_a_role_to_nobody)()
    assert in_a_thread(lambda: keep("b")) == []
    assert UserRole.select().where(UserRole.user == 999).count() == 0


def test_what_goes_wrong_in_a_transaction_lets_the_others_write(app: Flask) -> None:
    def fail() -> None:
        keep("a")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.atomic()(fail)()
    assert in_a_thread(lambda: keep("b")) == []
    assert [row.key for row in Throttle.select()] == ["b"]
