"""MUSTER_TLS_ROOT: what is taken as the root of an authority, and what is said of all else when we start."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509

from app import create_app
from config import Config, ConfigError
from services.apple import tls_root
from tests.certificates import authority, server

ROOT = authority("Harbour Root")


def test_a_root_is_read_as_devices_show_it(tmp_path: Path) -> None:
    file = tmp_path / "root.pem"
    file.write_bytes(b"Our own.\n" + ROOT.pem())
    root = tls_root.read(file)
    assert x509.load_der_x509_certificate(root.certificate) == ROOT.certificate
    assert root.name == "Harbour Root"
    command = ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", str(file)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    assert root.fingerprint == said.strip().partition("=")[2].replace(":", " ")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (lambda: b"", "holds no certificate"),
        (lambda: b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "holds no certificate"),
        (lambda: server(ROOT).key_pem(), "holds no certificate"),
        (lambda: ROOT.pem() + ROOT.pem(), "holds 2 certificates"),
        (lambda: server(None).pem(), "is not an authority's"),
        (lambda: server(ROOT).pem(), "is not an authority's"),
        (lambda: authority("Between", ROOT).pem(), "is no root: CN=Harbour Root issued it"),
        (lambda: authority("Harbour Root", ROOT).pem(), "is no root"),  # of the same name, but not by itself
    ],
)
def test_what_no_device_would_trust_ends_the_start_with_a_line(
    content: Callable[[], bytes], says: str, tmp_path: Path
) -> None:
    file = tmp_path / "root.pem"
    file.write_bytes(content())
    with pytest.raises(ConfigError, match=f"MUSTER_TLS_ROOT names .*root.pem', .*{says}"):
        create_app(Config(data=tmp_path / "elsewhere", tls_root=file))
    assert not (tmp_path / "elsewhere").exists()


def test_a_root_that_signed_itself_in_an_old_way_is_one_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "root.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-sha1",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        tmp_path / "key",
    ]
    command += ["-out", file, "-days", "9", "-subj", "/CN=Old Root"]
    subprocess.run(command, capture_output=True, timeout=30, check=True)
    assert tls_root.read(file).name == "Old Root"
