"""Two SCEP clients that other people wrote, over HTTP: Debian's scepclient (micromdm) and certmonger."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from mdm.apple import authority as authorities

from .scep_server import ScepServer, serving

CERTMONGER = "/usr/lib/certmonger/certmonger-session"
HAS_CERTMONGER = Path(CERTMONGER).exists() and shutil.which("dbus-run-session") and shutil.which("getcert")

LONGEST = 150  # seconds for a client; a few when nothing else runs
pytestmark = pytest.mark.timeout(2 * LONGEST)

# certmonger runs on a bus of its own, which ends with the script and takes it along.
ASK = """
"$CERTMONGER" -n &
for _ in $(seq 100); do sleep 0.3; getcert list-cas -s >/dev/null 2>&1 && break; done
getcert add-scep-ca -s -c test -u "$URL" -R "$PWD/ca.pem" -N "$PWD/ca.pem"
for _ in $(seq 100); do sleep 0.3; getcert list-cas -s -c test | grep -q thumbprint && break; done
getcert request -s -c test -I one -k "$PWD/key.pem" -f "$PWD/certificate.pem" -N CN=phone -L "$CHALLENGE" -w
getcert list -s
kill $!
"""


@pytest.fixture
def server() -> Iterator[ScepServer]:
    authority = authorities.new_authority("Example", int(time.time()), bits=2048)
    with serving(authority, "s3cret") as started:
        yield started


def scepclient(folder: Path, server: ScepServer, challenge: str) -> subprocess.CompletedProcess[str]:
    files = ("-private-key", "key.pem", "-certificate", "certificate.pem")
    command = ["scepclient", "-server-url", server.url, "-challenge", challenge, *files]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LONGEST, check=False)


def certmonger(folder: Path, server: ScepServer, challenge: str) -> str:
    (folder / "ca.pem").write_bytes(server.authority.parsed.public_bytes(Encoding.PEM))
    settings = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "CERTMONGER": CERTMONGER}
    settings |= {"URL": server.url, "CHALLENGE": challenge}
    command = ["dbus-run-session", "--", "sh", "-c", ASK]
    environment = {**os.environ, **settings}
    finished = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=LONGEST, check=False, env=environment
    )
    return finished.stdout


@pytest.mark.skipif(not shutil.which("scepclient"), reason="Debian's package scep is not installed")
def test_scepclient_with_the_right_challenge(server: ScepServer, tmp_path: Path) -> None:
    finished = scepclient(tmp_path, server, "s3cret")
    assert finished.returncode == 0, finished.stderr
    certificate = x509.load_pem_x509_certificate((tmp_path / "certificate.pem").read_bytes())
    assert certificate.public_bytes(Encoding.DER) == server.granted[0]
    assert server.log[-1] == "granted 3DES"  # it asks in single DES


@pytest.mark.skipif(not shutil.which("scepclient"), reason="Debian's package scep is not installed")
def test_scepclient_with_a_wrong_challenge(server: ScepServer, tmp_path: Path) -> None:
    finished = scepclient(tmp_path, server, "guess")
    assert finished.returncode == 1
    assert "badRequest" in finished.stdout + finished.stderr
    assert server.log[-1] == "refused" and not server.granted
    assert not (tmp_path / "certificate.pem").exists()


@pytest.mark.slow
@pytest.mark.skipif(
    not HAS_CERTMONGER, reason="Debian's packages certmonger and dbus-daemon are not installed"
)
def test_certmonger_with_the_right_challenge(server: ScepServer, tmp_path: Path) -> None:
    assert "status: MONITORING" in certmonger(tmp_path, server, "s3cret")
    certificate = x509.load_pem_x509_certificate((tmp_path / "certificate.pem").read_bytes())
    assert certificate.public_bytes(Encoding.DER) == server.granted[0]
    assert server.log[-2:] == ["GET PKIOperation", "granted AES-256"]


@pytest.mark.slow
@pytest.mark.skipif(
    not HAS_CERTMONGER, reason="Debian's packages certmonger and dbus-daemon are not installed"
)
def test_certmonger_with_a_wrong_challenge(server: ScepServer, tmp_path: Path) -> None:
    assert "status: CA_REJECTED" in certmonger(tmp_path, server, "guess")
    assert server.log[-1] == "refused" and not server.granted
