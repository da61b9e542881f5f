"""What Apple's devices ask of a server's TLS certificate besides a root that they trust.

Apple: "Requirements for trusted certificates in iOS 13 and macOS 10.15" (support.apple.com/103769) and "About
upcoming limits on trusted certificates" (support.apple.com/102028).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from cli.tls.chains import Chain
from services.apple.tls_root import printable

LEAST_BITS = {
    "RSA": 2048,
    "EC": 256,
}  # the latter is of App Transport Security, which device management keeps to
SHA_2 = (hashes.SHA224, hashes.SHA256, hashes.SHA384, hashes.SHA512)
MOST_DAYS = 825
MOST_DAYS_SINCE = datetime(2019, 7, 1, tzinfo=UTC)
MOST_DAYS_OF_PUBLIC = 398
MOST_DAYS_OF_PUBLIC_SINCE = datetime(2020, 9, 1, tzinfo=UTC)
WARN = timedelta(days=14)

Extension = TypeVar("Extension", bound=x509.ExtensionType)


def problems(chain: Chain, host: str, moment: datetime) -> Iterator[str]:
    """One sentence each: what is wrong, and what to do."""
    yield from _dates(chain, moment)
    yield from _host(chain.leaf, host)
    yield from _purpose(chain.leaf)
    yield from _lifetime(chain)
    for certificate in chain.all:
        yield from _key(certificate, chain.called(certificate))
        if certificate != chain.root:  # nobody checks what a root says of itself
            yield from _signature(certificate, chain.called(certificate))


def day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _dates(chain: Chain, moment: datetime) -> Iterator[str]:
    for certificate in chain.all:
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        called = chain.called(certificate)
        if moment < begins:
            yield f"{called} begins on {day(begins)} only: look at the clock of this machine, or wait"
        elif moment > ends:
            yield f"{called} ended on {day(ends)}, and devices refuse it: renew it"
        # Some live for six days, and are renewed in time all the same.
        elif ends - moment < min(WARN, (ends - begins) / 3):
            yield f"{called} ends on {day(ends)}, in {(ends - moment).days} days: renew it"


def _host(leaf: x509.Certificate, host: str) -> Iterator[str]:
    """The common name does not count any more, and an address that is a number needs an entry of that kind."""
    names = _extension(leaf, x509.SubjectAlternativeName) or x509.SubjectAlternativeName([])
    dns_names, addresses = names.get_values_for_type(x509.DNSName), names.get_values_for_type(x509.IPAddress)
    try:
        address = ip_address(host)
    except ValueError:
        kind, is_named = "the DNS name", any(_covers(name, host) for name in dns_names)
    else:
        kind, is_named = "the IP address", address in addresses
    if not is_named:
        there = ", ".join([*map(printable, dns_names), *map(str, addresses)]) or "nothing"
        yield (
            f"the TLS certificate is not for {host}: {kind} has to stand in its subjectAltName, and there stands "
            f"{there}. Have one issued for it, or correct MUSTER_PUBLIC_URL"
        )


def _covers(name: str, host: str) -> bool:
    """A star stands for one whole part, the first (RFC 6125, 6.4.3)."""
    wanted = _ascii(host)
    first, _, rest = name.lower().rstrip(".").partition(".")
    if first == "*":
        return "." in rest and wanted.partition(".")[2] == rest
    return name.lower().rstrip(".") == wanted


def _ascii(host: str) -> str:
    try:
        return host.lower().encode("idna").decode().rstrip(".")
    except UnicodeError:
        return host.lower()


def _purpose(leaf: x509.Certificate) -> Iterator[str]:
    usage = _extension(leaf, x509.ExtendedKeyUsage) or ()
    if leaf.not_valid_before_utc > MOST_DAYS_SINCE and ExtendedKeyUsageOID.SERVER_AUTH not in usage:
        yield "the TLS certificate does not say that it is a server's: have one issued with extendedKeyUsage serverAuth"


def _lifetime(chain: Chain) -> Iterator[str]:
    begins, ends = chain.leaf.not_valid_before_utc, chain.leaf.not_valid_after_utc
    if chain.kind == "public" and begins >= MOST_DAYS_OF_PUBLIC_SINCE:
        most, whose = MOST_DAYS_OF_PUBLIC, "a public authority"
    elif begins > MOST_DAYS_SINCE:
        most, whose = MOST_DAYS, "any authority"
    else:
        return
    if ends - begins > timedelta(days=most):
        yield (
            f"the TLS certificate is valid for {(ends - begins).days} days, and devices accept {most} at most from "
            f"{whose}: have one issued for less"
        )


def _key(certificate: x509.Certificate, called: str) -> Iterator[str]:
    try:
        key: object = certificate.public_key()
    except UnsupportedAlgorithm:
        key = None
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        yield f"{called} has a key of a kind that devices do not know: have one issued for RSA or P-256"
        return
    kind = "RSA" if isinstance(key, rsa.RSAPublicKey) else "EC"
    if key.key_size < LEAST_BITS[kind]:
        yield (
            f"{called} has a key ({kind}) of {key.key_size} bits, and devices accept {LEAST_BITS[kind]} and more: "
            "have one issued for a longer key"
        )


def _signature(certificate: x509.Certificate, called: str) -> Iterator[str]:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        algorithm = None
    if not isinstance(algorithm, SHA_2):
        way = f"with {algorithm.name.upper()}" if algorithm else "in another way"
        yield f"{called} is signed {way}, and devices accept SHA-2 alone: have one issued that is signed with SHA-256"


def _extension(certificate: x509.Certificate, kind: type[Extension]) -> Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
