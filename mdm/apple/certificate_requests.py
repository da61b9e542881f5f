"""Reads certificate requests, PKCS #10 (RFC 2986), as devices really write them.

Strict parsers refuse many of them: micromdm's have attributes in an order that DER forbids, others have
characters that their string types do not allow, or trailing zeros. Nothing of that matters: the key is all
that goes into a certificate.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mdm.apple import ber, keys
from mdm.apple.ber import Element
from mdm.apple.der import identifier
from mdm.apple.errors import Malformed
from mdm.apple.keys import PublicKey

LARGEST_REQUEST = 16_384
"""Bytes; one for a 4096-bit key has about 1,700."""

LONGEST_CHALLENGE = 255
"""Characters (RFC 2985 5.4.1, upper bound)."""

_CHALLENGE_PASSWORD = identifier("1.2.840.113549.1.9.7")

_TEXTS = {
    0x0C: "utf-8",  # UTF8String
    0x13: "latin-1",  # PrintableString
    0x14: "latin-1",  # TeletexString
    0x16: "latin-1",  # IA5String
    0x1E: "utf-16-be",  # BMPString
}


@dataclass(frozen=True)
class CertificateRequest:
    """A request whose signature proves that its sender holds the key.

    `challenge` is the challengePassword, "" if there is none.
    """

    key: PublicKey
    challenge: str = field(repr=False)


def read_request(encoded: bytes) -> CertificateRequest:
    """The certificate request that `encoded` (BER) is; raises Malformed."""
    information, algorithm, signature = ber.members(
        ber.read(encoded, largest=LARGEST_REQUEST), ber.SEQUENCE, 3
    )[:3]
    _, _, key, *others = ber.members(information, ber.SEQUENCE, 3)
    request = CertificateRequest(keys.public_key(ber.expect(key, ber.SEQUENCE).encoded), _challenge(others))
    name = ber.members(algorithm, ber.SEQUENCE, 1)[0].contents
    # Over the bytes as they came: to sort a set that was not sorted would break its signature.
    keys.verify(request.key, name, None, ber.bits(signature), information.encoded)
    return request


def _challenge(fields: list[Element]) -> str:
    for each in fields:
        if each.tag != ber.CONTEXT_0:
            continue
        for attribute in each.children():
            kind, values = ber.members(attribute, ber.SEQUENCE, 2)[:2]
            if kind.contents == _CHALLENGE_PASSWORD:
                return _text(ber.members(values, ber.SET, 1)[0])
    return ""


def _text(value: Element) -> str:
    try:
        text = value.contents.decode(_TEXTS[value.tag])
    except KeyError:
        raise Malformed("wrong_type", "challengePassword") from None
    except UnicodeDecodeError:
        raise Malformed("wrong_type", "challengePassword") from None
    if len(text) > LONGEST_CHALLENGE:
        raise Malformed("too_long", "challengePassword")
    return text
