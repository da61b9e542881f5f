"""Random codes and secrets, and the digests under which secrets are kept."""

import hashlib
import secrets

# No 0, 1, i, l and o: people read these codes to the help desk.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def code(length: int = 6) -> str:
    """A public name for a row: 6 characters of 31 are 887 million names. Unique columns catch the rest."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def derived(*parts: str, length: int = 6) -> str:
    """A code that is the same whenever its parts are, and says nothing about them."""
    number, characters = int(digest("\0".join(parts)), 16), []
    for _ in range(length):
        number, place = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[place])
    return "".join(characters)


def secret() -> str:
    """A secret of 160 bits that can be typed, and that no shell or program takes for an option: 40 characters."""
    return secrets.token_hex(20)


def pin(length: int) -> str:
    """Decimal digits from the system's random source."""
    return "".join(secrets.choice("0123456789") for _ in range(length))


def digest(value: str) -> str:
    """SHA-256 in hexadecimal. Enough for secrets of 128 bits and more; PINs and passwords get argon2."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
