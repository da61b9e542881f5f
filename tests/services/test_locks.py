"""Named locks: between threads, between processes, and gone with the process that held them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from services import locks

processes = multiprocessing.get_context("fork")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    held: dict[str, IO[str]] = {}
    monkeypatch.setattr(locks, "_held", held)
    locks.open_locks(tmp_path / "another")
    yield tmp_path / "another"
    for file in held.values():  # what is held for life: here, until the test is over
        file.close()


def add_one(path: Path, times: int) -> None:
    for _ in range(times):
        with locks.named("counting"):
            number = int(path.read_text())
            path.write_text(str(number + 1))


def test_processes_take_turns(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "number"
    path.write_text("0")
    children = [processes.Process(target=add_one, args=(path, 50)) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert path.read_text() == "200"


def test_threads_take_turns(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "number"
    path.write_text("0")
    threads = [threading.Thread(target=add_one, args=(path, 50)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() == "200"


def test_locks_of_other_names_are_not_waited_for(folder: Path) -> None:
    with locks.named("one"), locks.named("two"):
        pass


def test_the_lock_is_free_after_an_error(folder: Path) -> None:
    with pytest.raises(RuntimeError), locks.named("one"):
        raise RuntimeError
    with locks.named("one"):
        pass


def hold_and_wait(held: Any) -> None:
    held.put(locks.hold("serve"))
    signal.pause()


def test_a_lock_for_life_ends_with_the_process_however_that_ends(folder: Path) -> None:
    held = processes.Queue()
    child = processes.Process(target=hold_and_wait, args=(held,))
    child.start()
    assert held.get(timeout=60) is True
    assert locks.hold("serve") is False
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert locks.hold("serve") is True


def test_it_is_held_once(folder: Path) -> None:
    assert locks.hold("serve") is True
    assert locks.hold("serve") is False


@pytest.mark.parametrize("name", ["", "../serve", "a/b", "Serve", "a b", "a\0", "a.lock"])
def test_a_name_is_small_letters_only(folder: Path, name: str) -> None:
    with pytest.raises(ValueError):
        locks.hold(name)


def test_the_files_are_for_their_owner_alone(folder: Path) -> None:
    with locks.named("one"):
        assert (folder / "locks").stat().st_mode & 0o777 == 0o700
        assert [path.name for path in (folder / "locks").iterdir()] == ["one.lock"]


def test_without_a_folder_there_is_no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_folder", None)
    with pytest.raises(RuntimeError):
        locks.hold("serve")
