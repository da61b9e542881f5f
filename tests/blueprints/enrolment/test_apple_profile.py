"""/go on an iPhone, iPad or Mac: the steps, and the profile behind the button."""

from __future__ import annotations

import plistlib
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from flask import Flask

from blueprints.shared import apple_site
from models import Registration, User
from services import codes, registrations
from services.apple import tls_root
from services.apple.tls_root import Root
from tests import apple_devices
from tests.blueprints.enrolment.conftest import Invite, Travel
from tests.certificates import authority
from tests.conftest import Answer, Clock, Visitor


def scep_of(answer: Answer) -> dict[str, object]:
    payloads = plistlib.loads(answer.data)["PayloadContent"]
    return next(each for each in payloads if each["PayloadType"].endswith("scep"))["PayloadContent"]


@pytest.mark.parametrize(("platform", "word"), [("ios", "Settings"), ("macos", "Device Management")])
def test_each_kind_has_steps_of_its_own(
    alice: User, invite: Invite, travel: Travel, platform: str, word: str
) -> None:
    page = travel(invite(alice, platform), "install").get("/go/install")
    assert page.one("#profile")["href"] == "/go/profile"
    assert word in page.words("#profile-steps")
    assert page.one("#needs-https")  # the server of the tests has no TLS


def test_the_terms_say_what_is_seen(alice: User, invite: Invite, travel: Travel) -> None:
    page = travel(invite(alice, "ios"), "terms").get("/go/terms")
    assert "You install a profile" in page.words("#what-is-seen")


def test_only_the_browser_that_accepted_gets_the_profile(alice: User, invite: Invite, travel: Travel) -> None:
    issued = invite(alice, "ios")
    one, other = travel(issued, "terms"), travel(issued, "terms")
    one.post("/go/terms", accepted="yes")
    assert other.get("/go/profile").location == "/go/install"
    assert other.get("/go/install").soup.select("#profile") == []
    assert one.get("/go/profile").status == 200


def test_once_the_code_is_used_it_says_what_to_do_after_an_error(
    app: Flask, alice: User, invite: Invite, travel: Travel
) -> None:
    """The page asks how it stands by itself; and who taps Download once more is sent there."""
    issued = invite(alice, "ios")
    browser = travel(issued, "install")
    waiting = browser.get("/go/progress?since=1", htmx=True)
    assert waiting.soup.select("#go-after-an-error") == []
    apple_devices.make(app).receive(browser.get("/go/profile").data)
    assert browser.get("/go/profile").location == "/go/install"
    for answer in (browser.get("/go/install"), browser.get("/go/progress?since=1", htmx=True)):
        assert "the same again does not help" in answer.words("#go-after-an-error")
        assert answer.one("#go-after-an-error a")["href"] == f"/devices/{issued.device.code}"
    registrations.renew(registrations.by_code(issued.registration.code), by=alice)
    assert browser.get("/go/install").location == "/go", "the new link begins anew"


def test_the_profile_carries_the_token_and_nothing_keeps_it(
    alice: User, invite: Invite, travel: Travel
) -> None:
    issued = invite(alice, "ios")
    answer = travel(issued, "install").get("/go/profile")
    assert answer.headers["Content-Type"] == "application/x-apple-aspen-config"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="enrolment.mobileconfig"'
    assert answer.headers["Cache-Control"] == "no-store"
    challenge = str(scep_of(answer)["Challenge"])
    assert Registration.get_by_id(issued.registration.id).token_hash == codes.digest(challenge)


def test_looking_uses_nothing_up(alice: User, invite: Invite, travel: Travel) -> None:
    browser = travel(invite(alice, "ios"), "install")
    first, second = browser.get("/go/profile"), browser.get("/go/profile")
    assert scep_of(first)["Challenge"] == scep_of(second)["Challenge"]


def test_only_the_browser_that_proved_gets_it(
    alice: User, invite: Invite, travel: Travel, visit, clock: Clock
) -> None:
    browser = travel(invite(alice, "ios"), "install")
    assert visit(None).get("/go/profile").location == "/go"
    clock.move(3600)
    assert browser.get("/go/profile").location == "/go/install"
    assert travel(invite(alice, "linux"), "install").get("/go/profile").location == "/go"


def test_it_is_signed_with_the_web_servers_certificate(
    app: Flask, alice: User, invite: Invite, travel: Travel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = a_web_certificate(tmp_path)
    config = replace(app.config["MUSTER"], tls_certificate=certificate, tls_key=key)
    monkeypatch.setitem(app.config, "MUSTER", config)
    apple_site.init(app)
    (tmp_path / "profile").write_bytes(
        travel(invite(alice, "macos"), "install").client.get("/go/profile").data
    )
    command = ["openssl", "cms", "-verify", "-inform", "DER", "-in", str(tmp_path / "profile")]
    command += ["-CAfile", str(certificate), "-purpose", "any"]
    found = subprocess.run(command, capture_output=True, timeout=30, check=True)
    assert plistlib.loads(found.stdout)["PayloadScope"] == "System"


@pytest.fixture
def root(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Root:
    """The organisation has an authority of its own."""
    file = tmp_path / "root.pem"
    file.write_bytes(authority("Harbour Root").pem())
    known = tls_root.read(file)
    monkeypatch.setitem(app.config, "TLS_ROOT", known)
    apple_site.init(app)
    return known


def test_where_the_server_is_trusted_anyway_nobody_is_asked_to(
    alice: User, invite: Invite, travel: Travel
) -> None:
    browser = travel(invite(alice, "ios"), "install")
    assert not browser.get("/go/install").soup.select("#trust-root")
    assert browser.get("/go/root").status == 404
    kinds = [
        each["PayloadType"] for each in plistlib.loads(browser.get("/go/profile").data)["PayloadContent"]
    ]
    assert kinds == ["com.apple.security.scep", "com.apple.mdm"]


@pytest.mark.parametrize(
    ("platform", "word"), [("ios", "Certificate Trust Settings"), ("macos", "Always Trust")]
)
def test_an_own_authority_is_trusted_before_the_profile(
    alice: User, invite: Invite, travel: Travel, root: Root, platform: str, word: str
) -> None:
    page = travel(invite(alice, platform), "install").get("/go/install")
    assert page.one("#root")["href"] == "/go/root"
    assert word in page.words("#trust-root-steps") and "Harbour Root" in page.words("#trust-root-steps")
    assert page.words("#root-fingerprint") == root.fingerprint
    buttons = [each["id"] for each in page.soup.select("a.btn")]
    assert buttons.index("root") < buttons.index("profile")


def test_a_computer_with_our_agent_is_not_asked(
    alice: User, invite: Invite, travel: Travel, root: Root
) -> None:
    assert not travel(invite(alice, "linux"), "install").get("/go/install").soup.select("#trust-root")


def test_the_root_is_for_everybody(visit: Callable[[User | None], Visitor], root: Root) -> None:
    """It is no secret, and whoever prepares a device needs it before anybody proves anything."""
    answer = visit(None).client.get("/go/root")
    assert (answer.status_code, answer.data) == (200, root.certificate)
    assert answer.headers["Content-Type"] == "application/x-x509-ca-cert"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="root.cer"'


def test_the_profile_brings_the_root_too(alice: User, invite: Invite, travel: Travel, root: Root) -> None:
    answer = travel(invite(alice, "ios"), "install").get("/go/profile")
    first = plistlib.loads(answer.data)["PayloadContent"][0]
    assert (first["PayloadType"], first["PayloadContent"]) == ("com.apple.security.root", root.certificate)


def a_web_certificate(folder: Path) -> tuple[Path, Path]:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.NameAttribute(NameOID.COMMON_NAME, "localhost")
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(x509.Name([name])).issuer_name(x509.Name([name]))
    builder = builder.public_key(key.public_key()).serial_number(7).not_valid_before(now - timedelta(days=1))
    made = builder.not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    (folder / "web.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "web.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder / "web.pem", folder / "web.key"
