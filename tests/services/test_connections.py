"""Connections outlive threads that Python did not start, such as those of the web server."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from flask import Flask

from models import User, database

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
