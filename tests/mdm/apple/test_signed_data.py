"""Who signed a body: our reader against the simulation, openssl and everything that could be tried in its
place.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from mdm.apple import signed_data
from mdm.apple.authority import Authority
from mdm.apple.errors import Malformed
from simulation.apple_signing import Style, mdm_signature

from .signing import encoded, written

BODY = b"<plist><dict><key>Status</key><string>Idle</string></dict></plist>"
OpenSsl = Callable[..., bytes]


def code_of(signature: str, body: bytes = BODY) -> str:
    with pytest.raises(Malformed) as caught:
        signed_data.verify_detached(signature, body)
    return caught.value.code


@pytest.mark.parametrize("style", Style)
def test_every_way_of_signing_names_the_certificate(
    style: Style, phone_key: rsa.RSAPrivateKey, identity: bytes
) -> None:
    assert signed_data.verify_detached(mdm_signature(BODY, phone_key, identity, style), BODY) == identity


@pytest.mark.parametrize("style", Style)
def test_elliptic_curves_too(style: Style, mac_key: ec.EllipticCurvePrivateKey, mac_identity: bytes) -> None:
    assert (
        signed_data.verify_detached(mdm_signature(BODY, mac_key, mac_identity, style), BODY) == mac_identity
    )


@pytest.mark.parametrize("style", Style)
def test_a_body_changed_by_one_byte(style: Style, phone_key: rsa.RSAPrivateKey, identity: bytes) -> None:
    signature = mdm_signature(BODY, phone_key, identity, style)
    for place in range(len(BODY)):
        changed = BODY[:place] + bytes((BODY[place] ^ 1,)) + BODY[place + 1 :]
        assert code_of(signature, changed) == "bad_signature"
    assert code_of(signature, BODY + b"\n") == code_of(signature, b"") == "bad_signature"


def test_the_simulated_iphone_writes_indefinite_lengths(
    phone_key: rsa.RSAPrivateKey, identity: bytes
) -> None:
    signature = base64.b64decode(mdm_signature(BODY, phone_key, identity, Style.APPLE))
    assert signature.startswith(b"\x30\x80\x06\x09") and signature.endswith(b"\0" * 6)
    read = cms.ContentInfo.load(signature)["content"]["signer_infos"][0]
    assert read["digest_algorithm"]["algorithm"].native == "sha1"
    assert not read["signed_attrs"].native


def test_openssl_accepts_what_the_simulated_iphone_sends(
    phone_key: rsa.RSAPrivateKey, identity: bytes, tmp_path: Path, openssl: OpenSsl
) -> None:
    (tmp_path / "signature").write_bytes(
        base64.b64decode(mdm_signature(BODY, phone_key, identity, Style.APPLE))
    )
    (tmp_path / "body").write_bytes(BODY)
    options = ("-verify", "-noverify", "-binary", "-inform", "DER", "-in", tmp_path / "signature")
    assert openssl("cms", *options, "-content", tmp_path / "body") == BODY


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize(
    "options",
    [
        ("cms",),
        ("cms", "-noattr"),
        ("cms", "-keyid"),
        ("cms", "-stream"),
        ("cms", "-noattr", "-stream"),
        ("cms", "-nodetach"),
        ("smime",),
        ("smime", "-noattr"),
        ("smime", "-stream"),
        ("smime", "-nodetach"),
    ],
)
def test_what_openssl_signs(
    options: tuple[str, ...],
    digest: str,
    phone_key: rsa.RSAPrivateKey,
    identity: bytes,
    tmp_path: Path,
    openssl: OpenSsl,
) -> None:
    program, *others = options
    key, certificate = written(tmp_path, phone_key, identity)
    signature = openssl(
        *(program, "-sign", "-binary", "-outform", "DER", "-md", digest, *others),
        *("-signer", certificate, "-inkey", key),
        given=BODY,
    )
    assert signed_data.verify_detached(encoded(signature), BODY) == identity
    if "-nodetach" in options:
        assert signed_data.read_signed(signature).content == BODY


def test_the_right_certificate_of_several(
    authority: Authority, phone_key: rsa.RSAPrivateKey, identity: bytes, tmp_path: Path, openssl: OpenSsl
) -> None:
    key, certificate = written(tmp_path, phone_key, identity)
    chain = tmp_path / "chain.pem"
    chain.write_bytes(authority.parsed.public_bytes(Encoding.PEM))
    options = ("cms", "-sign", "-binary", "-outform", "DER", "-certfile", chain)
    signature = openssl(*options, "-signer", certificate, "-inkey", key, given=BODY)
    assert signed_data.verify_detached(encoded(signature), BODY) == identity
