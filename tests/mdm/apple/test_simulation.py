"""The simulated device and our code, from the profile to the last command, with nothing between them but
bytes.
"""

from __future__ import annotations

import plistlib
from collections.abc import Mapping

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from mdm.apple import (
    answers,
    certificates,
    commands,
    facts,
    inventories,
    profile,
    scep,
)
from mdm.apple import authority as authorities
from mdm.apple.authority import Authority
from mdm.apple.check_in import Authenticate, CheckOut, TokenUpdate
from simulation.apple_answers import carry_out
from simulation.apple_device import AppleDevice, Failed, Response
from simulation.apple_scep import Refused
from simulation.apple_signing import Style

from .apple_server import Server, run
from .conftest import NOW
from .test_profile import ENROLMENT


@pytest.fixture
def server(authority: Authority) -> Server:
    return Server(authority)


@pytest.fixture
def phone(server: Server, phone_key: rsa.RSAPrivateKey) -> AppleDevice:
    return AppleDevice(server, phone_key, is_supervised=True)


@pytest.fixture
def enrolled(phone: AppleDevice) -> AppleDevice:
    phone.install(profile.encode(ENROLMENT))
    return phone


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("capabilities", [scep.CAPABILITIES, b"DES3\n", b"POSTPKIOperation\nAES\n"])
def test_a_phone_enrols(
    style: Style, capabilities: bytes, server: Server, phone: AppleDevice, identity: bytes
) -> None:
    phone.style, server.capabilities = style, capabilities
    certificate = x509.load_der_x509_certificate(identity)
    phone.install(profile.sign(profile.encode(ENROLMENT), phone.key, certificate))
    first, second = server.heard
    assert isinstance(first, Authenticate) and isinstance(second, TokenUpdate)
    assert first.sender.device == second.sender.device == phone.udid
    assert (second.push_magic, second.unlock_token) == (phone.push_magic, phone.unlock_token)
    assert facts.from_authenticate(first).model == "iPhone 14 Pro"
    assert server.signers == [certificates.fingerprint(phone.certificate or b"")] * 2


def test_a_wrong_challenge(phone: AppleDevice) -> None:
    body = profile.encode(ENROLMENT).replace(b"s3cret", b"guess!")
    with pytest.raises(Refused):
        phone.install(body)
    assert not phone.is_enrolled


def test_a_server_that_says_no(phone: AppleDevice, server: Server, authority: Authority) -> None:
    phone.receive(profile.encode(ENROLMENT))
    server.authority = authorities.new_authority("Other", NOW, bits=2048)
    with pytest.raises(Failed, match="400"):
        phone.authenticate()


def test_every_question_is_answered(server: Server, enrolled: AppleDevice) -> None:
    asked = (
        commands.device_information("c-1"),
        commands.security_info("c-2"),
        commands.installed_application_list("c-3"),
        commands.profile_list("c-4"),
        commands.certificate_list("c-5"),
    )
    about, security, applications, profiles, listed = run(server, enrolled, *asked)
    found = facts.from_device_information(about)
    assert (found.model, found.imei, found.carrier) == ("iPhone 14 Pro", "356991061234567", "Example Mobile")
    assert found.is_supervised is True and found.battery_percent == 81
    assert inventories.security(security).is_encrypted
    assert inventories.applications(applications)[0].name == "Notes"
    assert inventories.profiles(profiles)[0].identifier == ENROLMENT.identifier
    assert inventories.certificates(listed)[0].common_name == enrolled.udid


def test_every_order_is_carried_out(server: Server, enrolled: AppleDevice) -> None:
    orders = (
        commands.device_lock("c-1", message="Lost"),
        commands.enable_lost_mode("c-2", message="Lost"),
        commands.device_location("c-3"),
        commands.play_lost_mode_sound("c-4"),
        commands.disable_lost_mode("c-5"),
        commands.restart_device("c-6"),
        commands.install_profile("c-7", plistlib.dumps({"PayloadIdentifier": "example.installed.1"})),
        commands.remove_profile("c-8", "example.installed.1"),
        commands.clear_passcode("c-9", enrolled.unlock_token),
    )
    done = run(server, enrolled, *orders)
    assert [each.command for each in done] == [f"c-{number}" for number in range(1, 10)]
    assert {each.status for each in done} == {"Acknowledged"}
    assert inventories.lock_message(done[0]) == "Success"
    assert inventories.location(done[2]).latitude == 52.520008
    assert not enrolled.has_passcode and not enrolled.is_in_lost_mode


@pytest.mark.parametrize("status", ["NotNow", "Error", "CommandFormatError"])
def test_a_device_that_cannot_just_now(status: str, server: Server, enrolled: AppleDevice) -> None:
    enrolled.replies["SecurityInfo"] = [status]
    first, second = run(server, enrolled, commands.security_info("c-1"), commands.profile_list("c-2"))
    assert (first.status, first.command, second.status) == (status, "c-1", "Acknowledged")
    assert bool(first.problems) is (status != "NotNow")
    assert run(server, enrolled, commands.security_info("c-1"))[0].status == "Acknowledged"


def test_what_only_supervised_phones_do(server: Server, enrolled: AppleDevice) -> None:
    enrolled.is_supervised = False
    orders = (
        commands.enable_lost_mode("c-1", message="Lost"),
        commands.device_location("c-2"),
        commands.restart_device("c-3"),
    )
    failed = run(server, enrolled, *orders)
    assert all(each.has_failed and "valid request type" in each.problems[0].english for each in failed)


def test_a_wiped_phone_says_nothing_more(server: Server, enrolled: AppleDevice) -> None:
    done = run(server, enrolled, commands.erase_device("c-1"), commands.security_info("c-2"))
    assert [each.command for each in done] == ["c-1"]
    assert enrolled.is_erased and not enrolled.is_enrolled and len(server.queue) == 0


def test_a_retired_phone_checks_out(server: Server, enrolled: AppleDevice) -> None:
    run(server, enrolled, commands.remove_profile("c-1", ENROLMENT.identifier))
    assert isinstance(server.heard[-1], CheckOut) and not enrolled.is_enrolled


@pytest.mark.parametrize("os_version", ["16.7", "18.5"])
def test_a_device_that_is_not_known_any_more_leaves(
    os_version: str, server: Server, enrolled: AppleDevice
) -> None:
    answer = answers.unrecognised_device("iOS", os_version)
    server.final = Response(answer.status, answer.body)
    enrolled.connect()
    assert not enrolled.is_enrolled


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
def test_other_failures_make_nobody_leave(status: int, server: Server, enrolled: AppleDevice) -> None:
    server.final = Response(status, b"")
    enrolled.connect()
    assert enrolled.is_enrolled


def test_a_mac(server: Server, phone_key: rsa.RSAPrivateKey) -> None:
    mac = AppleDevice(server, phone_key, product="Mac15,3", os_version="15.5", name="Alice's Mac")
    mac.install(profile.encode(ENROLMENT))
    token = server.heard[1]
    assert isinstance(token, TokenUpdate) and token.unlock_token is None
    about, refused, locked = run(
        server,
        mac,
        commands.device_information("c-1"),
        commands.device_lock("c-2"),
        commands.device_lock("c-3", pin="012345"),
    )
    found = facts.from_device_information(about)
    assert (found.model, found.os_name, found.imei) == ("MacBook Pro", "macOS", None)
    assert refused.has_failed and locked.status == "Acknowledged"


def without_a_user_channel(body: bytes) -> bytes:
    whole = plistlib.loads(body)
    for each in whole["PayloadContent"]:
        each.pop("ServerCapabilities", None)
    return plistlib.dumps(whole)


def test_what_a_mac_does_not_take(server: Server, phone_key: rsa.RSAPrivateKey) -> None:
    mac, body = AppleDevice(server, phone_key, product="Mac15,3"), profile.encode(ENROLMENT)
    with pytest.raises(Failed, match="no user channel"):
        mac.install(without_a_user_channel(body))
    with pytest.raises(Failed, match="another kind"):
        mac.install(plistlib.dumps({**plistlib.loads(body), "TargetDeviceType": 1}))
    assert server.heard == []


@pytest.mark.parametrize("had_one", [True, False])
def test_a_renewal_neither_adds_nor_removes_the_user_channel(
    server: Server, phone: AppleDevice, had_one: bool
) -> None:
    """As com.apple.mdm.yaml says of ServerCapabilities."""
    profiles = [profile.encode(ENROLMENT), without_a_user_channel(profile.encode(ENROLMENT))]
    first, other = profiles if had_one else reversed(profiles)
    phone.install(first)
    joined_with = (phone.key, phone.certificate)
    assert not phone.renew(other)
    assert (phone.key, phone.certificate) == joined_with
    assert phone.renew(first)
    assert phone.key is not joined_with[0]


@pytest.mark.parametrize(
    ("behaviour", "status", "is_erased"),
    [
        (None, "Error", True),
        ("Default", "Error", True),
        ("DoNotObliterate", "Error", False),
        ("ObliterateWithWarning", "Acknowledged", True),
        ("Always", "Acknowledged", True),
    ],
)
def test_a_mac_that_cannot_be_erased_gently(
    phone_key: rsa.RSAPrivateKey, server: Server, behaviour: str | None, status: str, is_erased: bool
) -> None:
    """As device.erase.yaml lists it."""
    mac = AppleDevice(server, phone_key, product="Mac15,3", erases_gently=False)
    order = {"RequestType": "EraseDevice", "PIN": "012345"} | (
        {"ObliterationBehavior": behaviour} if behaviour else {}
    )
    assert carry_out(mac, order)["Status"] == status
    assert mac.is_erased is is_erased


def test_what_it_sends_is_a_property_list_that_others_read(phone: AppleDevice) -> None:
    bodies: list[bytes] = []

    def transport(method: str, address: str, headers: Mapping[str, str], body: bytes) -> Response:
        bodies.append(body)
        return Response(200, b"")

    phone.transport, phone.management = transport, {"Topic": "t", "CheckInURL": "u", "ServerURL": "u"}
    phone.report("Idle")
    assert plistlib.loads(bodies[0]) == {"UDID": phone.udid, "Status": "Idle"}
