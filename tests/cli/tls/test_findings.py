"""What Apple's devices will say of a server's certificate: good ones, and each way in which one is refused."""

from __future__ import annotations

import subprocess
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from cli.tls.findings import Finding, findings
from services.apple import tls_root
from services.apple.tls_root import Root
from tests.certificates import DAY, HOST, Holder, authority, server, weak_key
from tests.conftest import NOON

PUBLIC = authority("Public Root")
BETWEEN = authority("Public Intermediate", PUBLIC)
OWN = authority("Harbour Root")


def look(*sent: Holder, host: str = HOST, now: int = NOON, root: Root | None = None) -> list[Finding]:
    return findings([each.certificate for each in sent], host, now, root, [PUBLIC.certificate])


def problems(*sent: Holder, **more: Any) -> list[str]:
    return [says for says, is_fine in look(*sent, **more) if not is_fine]


@pytest.fixture
def own_root(tmp_path: Path) -> Root:
    (tmp_path / "root.pem").write_bytes(OWN.pem())
    return tls_root.read(tmp_path / "root.pem")


def test_a_public_certificate_is_fine_in_one_line() -> None:
    ((says, is_fine),) = look(server(BETWEEN), BETWEEN)
    assert is_fine
    assert says.startswith(
        f"the TLS certificate of {HOST} (until 2026-12-10) leads to Public Root, a public authority"
    )
    assert problems(server(BETWEEN), BETWEEN, PUBLIC) == []  # the root sent along does no harm
    assert problems(server(BETWEEN), OWN, BETWEEN) == []  # nor does one that does not belong there


def test_of_an_own_authority_each_person_has_to_hear(own_root: Root) -> None:
    ((says, is_fine),) = look(server(OWN), root=own_root)
    assert is_fine
    assert "your own authority, Harbour Root" in says and "/go shows how" in says
    assert own_root.fingerprint in says


def test_a_root_that_nobody_needs_is_named(own_root: Root) -> None:
    ((says, is_fine),) = look(server(BETWEEN), BETWEEN, root=own_root)
    assert is_fine
    assert "Take MUSTER_TLS_ROOT away" in says


def test_a_missing_intermediate_is_told_from_a_root_that_nobody_knows() -> None:
    (missing,) = problems(server(BETWEEN))
    assert missing.startswith(
        f"devices will refuse {HOST}: the TLS certificate was issued by CN=Public Intermediate"
    )
    assert "add its certificate to the chain" in missing
    (unknown,) = problems(server(OWN), OWN)
    assert "the certificate of the authority Harbour Root was issued by itself" in unknown
    assert "set MUSTER_TLS_ROOT" in unknown


def test_an_authority_of_the_same_name_is_not_the_same(own_root: Root) -> None:
    (says,) = problems(server(authority("Harbour Root")), root=own_root)
    assert "will refuse" in says


def test_whoever_is_no_authority_cannot_issue() -> None:
    middle = server(PUBLIC, name="Not an authority")
    (says,) = problems(server(middle), middle)
    assert "was issued by CN=Not an authority" in says


def test_one_that_signed_itself_is_refused_unless_it_is_the_root(tmp_path: Path) -> None:
    itself = server(None)
    (says,) = problems(itself)
    assert "the TLS certificate was issued by itself" in says


@pytest.mark.parametrize(
    ("certificate", "says"),
    [
        (server(BETWEEN, begins=NOON + DAY), "the TLS certificate begins on 2026-09-22 only"),
        (server(BETWEEN, begins=NOON - 91 * DAY), "the TLS certificate ended on 2026-09-20"),
        (server(BETWEEN, begins=NOON - 77 * DAY), "the TLS certificate ends on 2026-10-04, in 13 days: renew it"),
        (server(BETWEEN, begins=NOON - 5 * DAY, days=6), "ends on 2026-09-22, in 1 days"),
        (server(BETWEEN, hosts=["other.example", "*.other.example"]), "there stands other.example, *.other.example"),
        (server(BETWEEN, hosts=[ip_address("192.0.2.7")]), "the DNS name has to stand in its subjectAltName"),
        (server(BETWEEN, hosts=[]), "there stands nothing"),
        (server(BETWEEN, hosts=["*.example"]), f"is not for {HOST}"),
        (server(BETWEEN, usage=None), "extendedKeyUsage serverAuth"),
        (server(BETWEEN, usage=ExtendedKeyUsageOID.CLIENT_AUTH), "serverAuth"),
        (server(BETWEEN, days=399), "is valid for 399 days, and devices accept 398 at most from a public authority"),
        (server(BETWEEN, key=weak_key()), "a key (RSA) of 1024 bits, and devices accept"),
        (server(BETWEEN, key=ec.generate_private_key(ec.SECP192R1())), "a key (EC) of 192 bits"),
        (server(BETWEEN, key=ed25519.Ed25519PrivateKey.generate()), "a key of a kind that devices do not know"),
    ],
)  # fmt: skip
def test_each_thing_that_devices_refuse_is_told(certificate: Holder, says: str) -> None:
    (problem,) = problems(certificate, BETWEEN)
    assert says in problem


@pytest.mark.parametrize(
    "certificate",
    [
        server(BETWEEN, hosts=["*.harbour.example"]),
        server(BETWEEN, hosts=["other.example", HOST.upper()]),
        server(BETWEEN, days=398),
        server(BETWEEN, begins=NOON - 76 * DAY + 60),  # a little more than 14 days are left
        server(BETWEEN, begins=NOON - 3 * DAY, days=6),  # half of a short life
        server(BETWEEN, key=rsa.generate_private_key(65537, 2048)),
        server(BETWEEN, key=ec.generate_private_key(ec.SECP384R1())),
    ],
)
def test_what_devices_accept_is_not_found_fault_with(certificate: Holder) -> None:
    assert problems(certificate, BETWEEN) == []


def test_an_address_that_is_a_number_needs_an_entry_of_that_kind() -> None:
    right = server(BETWEEN, hosts=[ip_address("192.0.2.7"), ip_address("2001:db8::7")])
    assert problems(right, BETWEEN, host="192.0.2.7") == problems(right, BETWEEN, host="2001:db8::7") == []
    (says,) = problems(server(BETWEEN, hosts=["192.0.2.7"]), BETWEEN, host="192.0.2.7")
    assert "the IP address has to stand in its subjectAltName" in says


def test_a_name_beyond_ascii_is_compared_as_it_is_certified() -> None:
    certificate = server(BETWEEN, hosts=["xn--hfen-loa.example"])
    assert problems(certificate, BETWEEN, host="häfen.example") == []


def test_an_own_authority_may_issue_for_longer_but_not_for_ever(own_root: Root) -> None:
    assert problems(server(OWN, days=825), root=own_root) == []
    (says,) = problems(server(OWN, days=826), root=own_root)
    assert "is valid for 826 days, and devices accept 825 at most from any authority" in says


def test_what_was_issued_before_the_rules_is_not_measured_by_them(own_root: Root) -> None:
    before_2019 = 1_561_000_000
    assert problems(server(OWN, begins=before_2019, days=5000, usage=None), root=own_root) == []


def test_the_certificates_above_are_looked_at_too(own_root: Root) -> None:
    ended = authority("Old Intermediate", PUBLIC, days=100)
    (says,) = problems(server(ended), ended)
    assert says.startswith("the certificate of the authority Old Intermediate ended on")
    weak = authority("Weak Intermediate", PUBLIC, key=weak_key())
    (says,) = problems(server(weak), weak)
    assert says.startswith("the certificate of the authority Weak Intermediate has a key (RSA) of 1024 bits")


def test_a_signature_of_old_is_told(tmp_path: Path) -> None:
    """No library of today signs so; openssl still does."""
    issuer = authority("Public Root", key=PUBLIC.key)
    chain, key = issuer.write(tmp_path)
    request, made, extensions = tmp_path / "request.pem", tmp_path / "sha1.pem", tmp_path / "extensions"
    extensions.write_text(f"subjectAltName=DNS:{HOST}\nextendedKeyUsage=serverAuth\n")
    for command in (
        ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "k", "-out", request, "-subj", "/CN=a"],
        ["x509", "-req", "-sha1", "-in", request, "-CA", chain, "-CAkey", key, "-CAcreateserial", "-days", "90",
         "-out", made, "-extfile", extensions],
    ):  # fmt: skip
        subprocess.run(["openssl", *command], check=True, capture_output=True, timeout=60)
    old = Holder(x509.load_pem_x509_certificate(made.read_bytes()), None)
    now = int(old.certificate.not_valid_before_utc.timestamp()) + 60
    (says,) = problems(old, now=now)
    assert "is signed with SHA1, and devices accept SHA-2 alone" in says


def test_several_things_are_several_lines() -> None:
    bad = server(OWN, hosts=["other.example"], days=900, usage=None)
    assert len(problems(bad)) == 4


def test_what_others_wrote_cannot_change_the_line() -> None:
    issuer = authority("Evil\x1b[2J\nok  all is well")
    (says,) = problems(server(issuer), issuer)
    assert says.isprintable()
