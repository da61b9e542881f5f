"""apple-models.json: an administrator's own names for models, and what is said of a file that cannot be used."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from models import Device, User
from services import commands, device_actions
from services.apple import model_names
from simulation.apple_device import AppleDevice
from tests.apple_devices import join

NAMES = {"iPhone19,1": "iPhone 18", "Mac99,1": "MacBook Sail"}


@pytest.fixture
def file(app: Flask, data: Path) -> Path:
    return data / "apple-models.json"


def test_without_a_file_there_are_no_names(file: Path) -> None:
    assert model_names.added() == {}
    assert model_names.problem() == ""


def test_names_are_read_again_when_the_file_changes(file: Path) -> None:
    file.write_text(json.dumps(NAMES))
    assert model_names.added() == NAMES
    file.write_bytes(b'\xef\xbb\xbf{"iPhone19,1": "Das neue iPhone"}')  # as some editors write it
    assert model_names.added() == {"iPhone19,1": "Das neue iPhone"}
    file.unlink()
    assert model_names.added() == {}


def test_an_unchanged_file_is_not_read_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(json.dumps(NAMES))
    assert model_names.added() == NAMES
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("it was read again"))
    assert model_names.added() == NAMES


BROKEN = [
    (b"{", "is not JSON"),
    (b"", "is not JSON"),
    (b"[" * 200_000, "is not JSON"),
    (b'{"iPhone19,1": "\xff"}', "is not UTF-8"),
    (b'["iPhone 18"]', "is not an object"),
    (b'{"iPhone19,1": 18}', "gives 'iPhone19,1' a name that is no text"),
    (b'{"iPhone19,1": " "}', "gives 'iPhone19,1' a name that is no text"),
    (json.dumps({"iPhone19,1": "x" * 256}).encode(), "a name of 256 characters, and 255 are the most"),
    (b'{"iPhone19,1": "iPhone\\u0000"}', "characters that cannot be seen"),
    (b'{"iPhone19,1": "\\u202eenohPi"}', "characters that cannot be seen"),
    (b'{"iPhone19,1": "\\ud800"}', "characters that cannot be seen"),
    (b" " * (256 * 1024) + b"{}", "is larger than 256 kB"),
]


@pytest.mark.parametrize(("content", "says"), BROKEN, ids=[says for _, says in BROKEN])
def test_a_file_that_cannot_be_used_is_ignored_and_told_once(
    content: bytes, says: str, file: Path, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_bytes(content)
    with caplog.at_level(logging.WARNING, "muster.apple"):
        assert model_names.added() == model_names.added() == {}
    (record,) = caplog.records
    assert says in record.getMessage() and record.getMessage().endswith("it is ignored")
    result = doctor(app)
    assert result.exit_code == 1
    (line,) = [line for line in result.output.splitlines() if line.startswith("BAD")]
    assert line.startswith(f"BAD Apple: {file} ") and says in line


def test_a_folder_of_that_name_breaks_nothing(file: Path) -> None:
    file.mkdir()
    assert model_names.added() == {}
    assert model_names.problem() == "is no file"


def test_one_that_may_not_be_read_breaks_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("{}")
    monkeypatch.setattr(Path, "open", _refused)
    assert model_names.added() == {}
    assert model_names.problem() == "cannot be read: Permission denied"


def test_the_doctor_says_that_a_good_one_is_used(file: Path, app: Flask) -> None:
    assert "apple-models.json" not in doctor(app).output
    file.write_text(json.dumps(NAMES))
    result = doctor(app)
    assert result.exit_code == 0
    assert f"ok  Apple: {file} names models" in result.output


def test_a_phone_is_called_what_the_administrator_says_from_its_next_report(
    app: Flask, alice: User, file: Path
) -> None:
    device, phone = join(app, alice, product="iPhone19,1")
    report(device, phone, alice)
    assert named(device) == ("iPhone19,1", "iPhone19,1", "iphone19,1")
    file.write_text(json.dumps(NAMES))
    report(device, phone, alice)
    assert named(device) == ("iPhone 18", "iPhone 18", "iphone 18")


def test_the_name_that_the_owner_gave_stays(app: Flask, alice: User, file: Path) -> None:
    device, phone = join(app, alice, product="iPhone19,1")
    device_actions.rename(device, "My phone", by=alice)
    file.write_text(json.dumps(NAMES))
    report(device, phone, alice)
    assert named(device) == ("iPhone 18", "My phone", "my phone")


def test_one_that_joins_later_has_the_name_at_once(app: Flask, alice: User, file: Path) -> None:
    file.write_text(json.dumps(NAMES))
    device, _ = join(app, alice, product="iPhone19,1")
    assert named(device) == ("iPhone 18", "iPhone 18", "iphone 18")


def test_a_mac_keeps_its_own_name_unless_the_file_has_another(app: Flask, alice: User, file: Path) -> None:
    file.write_text(json.dumps(NAMES))
    other, hardware = join(app, alice, 0, "macos")
    report(other, hardware, alice)
    assert named(other)[0] == "MacBook Pro"
    known, hardware = join(app, alice, 1, "macos", product="Mac99,1")
    report(known, hardware, alice)
    assert named(known)[0] == "MacBook Sail"


def test_a_broken_file_stops_no_check_in(app: Flask, alice: User, file: Path) -> None:
    file.write_text("{")
    device, phone = join(app, alice, product="iPhone15,2")
    report(device, phone, alice)
    assert named(device) == ("iPhone 14 Pro", "iPhone 14 Pro", "iphone 14 pro")


def report(device: Device, hardware: AppleDevice, owner: User) -> None:
    """It is asked how it is, and answers."""
    hardware.connect()
    commands.ask(device, "refresh", owner)
    assert "DeviceInformation" in hardware.connect()


def named(device: Device) -> tuple[str | None, str, str]:
    row = Device.get_by_id(device.id)
    return row.model, row.name, row.name_search


def doctor(app: Flask) -> Result:
    return app.test_cli_runner().invoke(args=["doctor"])


def _refused(*_: object) -> None:
    raise PermissionError(13, "Permission denied")
