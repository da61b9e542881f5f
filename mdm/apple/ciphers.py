"""The block ciphers of SCEP envelopes, all of them CBC with PKCS #7 padding (RFC 3370 5, RFC 3565 2)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher as Operation
from cryptography.hazmat.primitives.ciphers import CipherAlgorithm
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from mdm.apple.der import identifier


@dataclass(frozen=True)
class Cipher:
    """A cipher by its object identifier; lengths are bytes."""

    name: str
    dotted: str
    key_length: int
    block_length: int

    def new_key(self) -> bytes:
        return secrets.token_bytes(self.key_length)

    def new_vector(self) -> bytes:
        return secrets.token_bytes(self.block_length)

    def encrypt(self, key: bytes, vector: bytes, plain: bytes) -> bytes:
        padder = PKCS7(self.block_length * 8).padder()
        encryptor = Operation(self._algorithm(key), CBC(vector)).encryptor()
        return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()

    def decrypt(self, key: bytes, vector: bytes, encrypted: bytes) -> bytes:
        """Raises ValueError if anything about the lengths or the padding is wrong."""
        decryptor = Operation(self._algorithm(key), CBC(vector)).decryptor()
        unpadder = PKCS7(self.block_length * 8).unpadder()
        padded = decryptor.update(encrypted) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()

    def _algorithm(self, key: bytes) -> CipherAlgorithm:
        if self.name.startswith("AES"):
            return AES(key)
        # Single DES is triple DES with the same key three times.
        return TripleDES(key * (24 // self.key_length))


DES = Cipher("DES", "1.3.14.3.2.7", 8, 8)
TRIPLE_DES = Cipher("3DES", "1.2.840.113549.3.7", 24, 8)
AES_128 = Cipher("AES-128", "2.16.840.1.101.3.4.1.2", 16, 16)
AES_192 = Cipher("AES-192", "2.16.840.1.101.3.4.1.22", 24, 16)
AES_256 = Cipher("AES-256", "2.16.840.1.101.3.4.1.42", 32, 16)

READ = {identifier(each.dotted): each for each in (DES, TRIPLE_DES, AES_128, AES_192, AES_256)}
"""Every cipher that a request may use, by the contents of its identifier."""


def to_answer(asked: Cipher) -> Cipher:
    """The cipher of an answer to somebody who used `asked`: the same, but never single DES (RFC 8894
    3.5.2).
    """
    return TRIPLE_DES if asked is DES else asked
