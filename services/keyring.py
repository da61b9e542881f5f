"""Encryption of secrets at rest: AES-256-GCM under one key that is kept outside the database."""

import os
import secrets
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services import locks

FILE_NAME = "muster.key"
KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = b"\x01"  # stands before every sealed value, so that a second key can be told apart later

_key: bytes | None = None


class KeyringError(Exception):
    """The key file is missing or damaged. The text is for the administrator."""


def open_keyring(folder: Path, create: bool) -> None:
    """Read the key file of a data folder; with `create`, make it if there is none (once, under a lock).

    Raises KeyringError when the file is missing, has a wrong size, or may be read by others.
    """
    global _key
    path = folder / FILE_NAME
    if create and not path.exists():
        with locks.named("keyring"):
            if not path.exists():
                _write_new_key(path)
    _key = _read_key(path)


def seal(plain: bytes, place: str) -> bytes:
    """Encrypt for one place, written table:row:column. Moved to another place, the value does not open."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return VERSION + nonce + AESGCM(_the_key()).encrypt(nonce, plain, place.encode())


def unseal(sealed: bytes, place: str) -> bytes:
    """Decrypt what `seal` made for this place. Raises KeyringError for anything else."""
    sealed = bytes(sealed)
    if sealed[:1] != VERSION:
        raise KeyringError("A stored secret was sealed by an unknown version.")
    nonce, box = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        return AESGCM(_the_key()).decrypt(nonce, box, place.encode())
    except (InvalidTag, ValueError):  # ValueError: it is too short to be one
        raise KeyringError("A stored secret does not open with this key file.") from None


def derive(purpose: str) -> bytes:
    """A 32-byte key for one purpose (HKDF-SHA256, RFC 5869), so that no second key file is needed."""
    return _derived(_the_key(), purpose)


@cache
def _derived(key: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(key)


def _the_key() -> bytes:
    if _key is None:
        raise KeyringError("The key file has not been read yet.")
    return _key


def _write_new_key(path: Path) -> None:
    """Write beside and rename, so that a crash leaves either no key or a whole one."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


def _read_key(path: Path) -> bytes:
    try:
        key = path.read_bytes()
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise KeyringError(f"The key file {path} is missing. Put it back from your backup.") from None
    except OSError as error:
        raise KeyringError(f"The key file {path} cannot be read: {error.strerror}.") from None
    if len(key) != KEY_BYTES:
        raise KeyringError(f"The key file {path} is damaged: it has {len(key)} bytes, not {KEY_BYTES}.")
    if os.name == "posix" and mode & 0o077:
        raise KeyringError(f"The key file {path} may be read by others. Run: chmod 600 {path}")
    return key
