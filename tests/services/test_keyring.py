"""Secrets at rest: one key file for its owner alone, and values that open only in their own place."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path
from typing import Any

import pytest

from services import keyring, locks
from services.keyring import FILE_NAME, KeyringError

PLACE = "registration:abc:token"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another data folder than the one the app of the test has open."""
    monkeypatch.setattr(keyring, "_key", None)
    folder = tmp_path / "another"
    folder.mkdir()
    locks.open_locks(folder)
    return folder


@pytest.fixture
def opened(folder: Path) -> Path:
    keyring.open_keyring(folder, create=True)
    return folder


def test_the_key_is_made_once_for_its_owner_alone(opened: Path) -> None:
    path = opened / FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = path.read_bytes()
    assert len(key) == 32
    sealed = keyring.seal(b"secret", PLACE)
    keyring.open_keyring(opened, create=True)
    assert path.read_bytes() == key
    assert keyring.unseal(sealed, PLACE) == b"secret"
    assert [found.name for found in opened.iterdir() if found.is_file()] == [FILE_NAME], "no draft is left"


def make_key(folder: Path, keys: Any) -> None:
    locks.open_locks(folder)
    keyring.open_keyring(folder, create=True)
    keys.put(keyring.derive("test"))


def test_processes_that_start_together_end_up_with_one_key(folder: Path) -> None:
    start = multiprocessing.get_context("fork")
    keys = start.Queue()
    processes = [start.Process(target=make_key, args=(folder, keys)) for _ in range(6)]
    for process in processes:
        process.start()
    found = {keys.get(timeout=60) for _ in processes}
    for process in processes:
        process.join()
    assert len(found) == 1


def test_a_draft_left_by_a_crash_is_in_nobodys_way(folder: Path) -> None:
    (folder / FILE_NAME).with_suffix(".new").write_bytes(b"half")
    keyring.open_keyring(folder, create=True)
    assert len((folder / FILE_NAME).read_bytes()) == 32


@pytest.mark.parametrize("plain", [b"", b"x", b"secret" * 10_000, bytes(range(256))])
def test_what_was_sealed_opens_in_its_place(opened: Path, plain: bytes) -> None:
    sealed = keyring.seal(plain, PLACE)
    assert keyring.unseal(sealed, PLACE) == plain
    assert keyring.unseal(memoryview(sealed), PLACE) == plain, "as the database gives it"
    assert len(plain) < 6 or plain not in sealed


@pytest.mark.parametrize("place", ["registration:abd:token", "message:abc:params", "", PLACE + " "])
def test_moved_to_another_place_it_does_not_open(opened: Path, place: str) -> None:
    with pytest.raises(KeyringError):
        keyring.unseal(keyring.seal(b"secret", PLACE), place)


def test_a_changed_value_does_not_open(opened: Path) -> None:
    sealed = keyring.seal(b"secret", PLACE)
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(KeyringError):
            keyring.unseal(bytes(changed), PLACE)


@pytest.mark.parametrize(
    "sealed", [b"", b"\x01", b"\x01" + b"x" * 12, b"\x01" + b"x" * 40, b"\x02" + b"x" * 40, b"secret"]
)
def test_what_nobody_sealed_does_not_open(opened: Path, sealed: bytes) -> None:
    with pytest.raises(KeyringError):
        keyring.unseal(sealed, PLACE)


def test_the_same_secret_is_never_sealed_alike(opened: Path) -> None:
    assert len({keyring.seal(b"secret", PLACE) for _ in range(100)}) == 100


def test_another_key_opens_nothing(opened: Path) -> None:
    sealed = keyring.seal(b"secret", PLACE)
    (opened / FILE_NAME).unlink()
    keyring.open_keyring(opened, create=True)
    with pytest.raises(KeyringError, match="does not open with this key file"):
        keyring.unseal(sealed, PLACE)


def test_each_purpose_has_a_key_of_its_own_that_stays(opened: Path) -> None:
    session = keyring.derive("flask session")
    assert len(session) == 32
    assert session == keyring.derive("flask session") != keyring.derive("audit chain")
    assert session != (opened / FILE_NAME).read_bytes()
    keyring.open_keyring(opened, create=False)
    assert keyring.derive("flask session") == session


# The file is not what it should be


def test_a_missing_file_is_said_and_not_made(folder: Path) -> None:
    with pytest.raises(KeyringError, match=r"is missing\. Put it back from your backup"):
        keyring.open_keyring(folder, create=False)
    assert not (folder / FILE_NAME).exists()


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33])
def test_a_damaged_file_is_said_and_kept(opened: Path, content: bytes) -> None:
    (opened / FILE_NAME).write_bytes(content)
    for create in (False, True):
        with pytest.raises(KeyringError, match=f"is damaged: it has {len(content)} bytes"):
            keyring.open_keyring(opened, create=create)
    assert (opened / FILE_NAME).read_bytes() == content


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o610])
def test_a_file_that_others_may_touch_is_refused_with_what_to_do(opened: Path, mode: int) -> None:
    (opened / FILE_NAME).chmod(mode)
    with pytest.raises(KeyringError, match=r"may be read by others\. Run: chmod 600"):
        keyring.open_keyring(opened, create=False)


def test_a_file_that_cannot_be_read_is_said(folder: Path) -> None:
    (folder / FILE_NAME).mkdir()
    with pytest.raises(KeyringError, match="cannot be read"):
        keyring.open_keyring(folder, create=True)


def test_without_a_key_nothing_is_sealed(folder: Path) -> None:
    with pytest.raises(KeyringError, match="has not been read"):
        keyring.seal(b"secret", PLACE)
    with pytest.raises(KeyringError):
        keyring.derive("flask session")
