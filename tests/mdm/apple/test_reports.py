"""What devices say at ServerURL."""

from __future__ import annotations

import contextlib
import plistlib
from typing import Any

import pytest

from mdm.apple import plists, reports
from mdm.apple.check_in import CheckOut
from mdm.apple.errors import Malformed
from mdm.apple.plist_limits import MOST_ITEMS
from mdm.apple.reports import Problem, Report
from mdm.apple.senders import Sender
from tests import cpu

UDID = "00008120-000A1D2E3F401234"


def decode(status: Any, form: Any = plistlib.FMT_XML, **keys: Any) -> Report:
    return reports.decode(plistlib.dumps({"UDID": UDID, "Status": status, **keys}, fmt=form))


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_idle(form: Any) -> None:
    report = decode("Idle", form)
    assert report.is_idle and report.command is None and report.sender.device == UDID
    assert not report.has_failed and report.results == {}


def test_acknowledged_brings_results_in_apples_words() -> None:
    report = decode("Acknowledged", CommandUUID="c-1", RequestType="DeviceLock", MessageResult="Success")
    assert (report.command, report.results) == ("c-1", {"MessageResult": "Success"})
    assert not report.is_idle and not report.has_failed


def test_not_now_is_no_failure() -> None:
    report = decode("NotNow", CommandUUID="c-1")
    assert report.status == "NotNow" and not report.has_failed


@pytest.mark.parametrize("status", ["Error", "CommandFormatError"])
def test_an_error_says_why(status: str) -> None:
    link = {"ErrorCode": 12021, "ErrorDomain": "MCMDMErrorDomain", "LocalizedDescription": "Geht nicht."}
    english = {**link, "USEnglishDescription": "Impossible."}
    report = decode(status, CommandUUID="c-1", ErrorChain=[english, link, "odd", {}])
    assert report.has_failed
    assert report.problems == (
        Problem(12021, "MCMDMErrorDomain", "Geht nicht.", "Impossible."),
        Problem(12021, "MCMDMErrorDomain", "Geht nicht.", "Geht nicht."),
        Problem(None, "", "", ""),
    )


@pytest.mark.parametrize("status", ["Error", "CommandFormatError"])
@pytest.mark.parametrize("name", [{}, {"CommandUUID": ""}])
def test_an_error_may_leave_out_what_it_answers(status: str, name: dict[str, str]) -> None:
    report = decode(status, **name)
    assert report.has_failed and report.command is None


def test_the_user_channel_is_told_apart() -> None:
    assert decode("Idle", UserID="ABC", UserShortName="alice", NotOnConsole=False).sender.is_user_channel


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"Status": "Sleeping"}, ("unknown_value", "Status")),
        ({"Status": 7}, ("unknown_value", "Status")),
        ({}, ("missing", "Status")),
        ({"Status": "Acknowledged"}, ("missing", "CommandUUID")),
        ({"Status": "NotNow"}, ("missing", "CommandUUID")),
        ({"Status": "Acknowledged", "CommandUUID": "c" * 129}, ("too_long", "CommandUUID")),
    ],
)
def test_is_refused(keys: dict[str, Any], expected: tuple[str, str]) -> None:
    with pytest.raises(Malformed) as caught:
        reports.decode(plistlib.dumps({"UDID": UDID, **keys}))
    assert (caught.value.code, caught.value.field) == expected


def test_a_message_type_makes_it_a_check_in_whatever_the_address() -> None:
    body = plistlib.dumps({"UDID": UDID, "MessageType": "CheckOut", "Topic": "com.apple.mgmt.a"})
    assert isinstance(reports.decode_any(body), CheckOut)
    assert isinstance(reports.decode_any(plistlib.dumps({"UDID": UDID, "Status": "Idle"})), Report)


LONG = [{"Name": "A"}] * MOST_ITEMS


def test_a_report_that_is_too_long_still_says_what_it_answers() -> None:
    keys = {"UDID": UDID, "Status": "Acknowledged", "CommandUUID": "c-1", "ProfileList": LONG}
    assert reports.decode_any(plistlib.dumps(keys)) == Report(Sender(UDID), "Acknowledged", "c-1")


def test_so_does_one_that_is_broken_inside() -> None:
    keys = {"UDID": UDID, "Status": "Acknowledged", "CommandUUID": "c-1", "Name": "A bell"}
    broken = plistlib.dumps(keys).replace(b"bell", b"\x07")
    assert reports.decode_any(broken) == Report(Sender(UDID), "Acknowledged", "c-1")


@pytest.mark.parametrize(
    "keys",
    [
        {"UDID": UDID, "Status": "Acknowledged"},
        {"UDID": UDID, "CommandUUID": "c-1"},
        {"Status": "Acknowledged", "CommandUUID": "c-1"},
        {"UDID": UDID, "Status": "Done", "CommandUUID": "c-1"},
        {"UDID": UDID, "Status": "Acknowledged", "CommandUUID": "c-1", "Z": {"Status": "Error"}},
        {"UDID": UDID, "MessageType": "CheckOut", "Topic": "com.apple.mgmt.a"},
    ],
)
def test_what_does_not_say_it_or_says_two_things_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        reports.decode_any(plistlib.dumps({**keys, "List": LONG}))


def test_the_envelope_is_read_from_xml_alone() -> None:
    keys = {"UDID": UDID, "Status": "Acknowledged", "CommandUUID": "c-1", "ProfileList": list(range(30_000))}
    with pytest.raises(Malformed):
        reports.decode_any(plistlib.dumps(keys, fmt=plistlib.FMT_BINARY))


@pytest.mark.parametrize("largest", [plists.LARGEST, 2 * plists.LARGEST])
@pytest.mark.parametrize(
    "piece",
    [
        b"<key>Status</key>",
        b"<key>UDID</key><string>A-1</string>",
        b"<key>UDID</key>" + b" " * 200,
        b"<key>UDID</key><string>" + b"a" * 129,
        b"<date>2026-01-01T00:00:00Z</date>",
    ],
)
def test_looking_for_the_envelope_does_not_keep_the_server_busy(piece: bytes, largest: int) -> None:
    start = b"<plist><dict><key>a</key><array>"
    body = start + piece * ((largest - len(start)) // len(piece))

    def read() -> None:
        with contextlib.suppress(Malformed):
            reports.decode_any(body)

    assert cpu.least_seconds(read) < cpu.MUCH
