"""Named locks that hold between processes, as files in the data folder."""

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from services import turns

_folder: Path | None = None
_held: dict[str, IO[str]] = {}


def open_locks(folder: Path) -> None:
    """Say where the lock files live. They stay there, empty; only the kernel's lock on them counts."""
    global _folder
    _folder = folder / "locks"
    _folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextmanager
def named(name: str) -> Iterator[None]:
    """Wait for the lock and hold it for the block. It ends with the process, however that ends."""
    with _file(name) as file:
        with turns.given_up():
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def hold(name: str) -> bool:
    """Take the lock for the rest of this process's life. False when another process has it."""
    file = _file(name)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return False
    _held[name] = file
    return True


def _file(name: str) -> IO[str]:
    if _folder is None:
        raise RuntimeError("open_locks() has not been called")
    if not re.fullmatch(r"[a-z_]+", name):
        raise ValueError(f"not a lock's name: {name!r}")
    return (_folder / f"{name}.lock").open("a")
