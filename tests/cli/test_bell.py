"""The event of signals: a handler may set it at any step of the code that it interrupts."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import Any

from cli.bell import Bell
from tests.servers import HOME

HEARD_ELSEWHERE = """
import signal, threading, time
from cli.bell import Bell

bell = Bell()
signal.signal(signal.SIGTERM, lambda *_: bell.set())

def hear():
    time.sleep(0.2)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    time.sleep(60)

threading.Thread(target=hear, daemon=True).start()
bell.wait()
"""


def test_it_may_be_set_between_any_two_steps_of_its_own() -> None:
    """With threading.Event, the first step that holds the lock would wait for itself."""
    bell, interrupted = Bell(), []

    def between_two_steps(*_: Any) -> Any:
        interrupted.append(1)
        bell.set()
        return between_two_steps

    def use() -> None:
        sys.settrace(between_two_steps)
        bell.wait(0.01)
        bell.set()
        bell.clear()
        sys.settrace(None)

    thread = threading.Thread(target=use, daemon=True)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    assert len(interrupted) > 5


def test_a_signal_that_another_thread_was_given_is_heard() -> None:
    """Its handler runs in the main thread all the same, but only once that is awake."""
    subprocess.run([sys.executable, "-c", HEARD_ELSEWHERE], cwd=HOME, check=True, timeout=30)


def test_whoever_waits_hears_it() -> None:
    bell = Bell()
    waiting = [threading.Thread(target=bell.wait, daemon=True) for _ in range(2)]
    for thread in waiting:
        thread.start()
    assert all(thread.is_alive() for thread in waiting)
    bell.set()
    for thread in waiting:
        thread.join(30)
    assert not any(thread.is_alive() for thread in waiting)
    assert bell.wait(0)


def test_nobody_waits_for_longer_than_they_said() -> None:
    bell, began = Bell(), time.monotonic()
    assert not bell.wait(0.25)
    assert time.monotonic() - began >= 0.25


def test_once_cleared_it_is_waited_for_again() -> None:
    bell = Bell()
    bell.set()
    bell.clear()
    assert not bell.is_set()
    assert not bell.wait(0.01)
