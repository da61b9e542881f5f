"""What the agent finds out about computers of several kinds, from what their systems print."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from mdm.agent import wire

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n'
UBUNTU = (
    'NAME="Ubuntu"\nVERSION_ID="24.04"\nVERSION="24.04.1 LTS (Noble Numbat)"\nID=ubuntu\nID_LIKE=debian\n'
)
FEDORA = "NAME='Fedora Linux'\nVERSION=\"40 (Workstation Edition)\"\nID=fedora\nVERSION_ID=40\n# comment=x\n"

Files = Callable[[dict[str, str]], None]


@pytest.fixture
def files(agent: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    """Says which system files there are; all others are missing."""

    def only(contents: dict[str, str]) -> None:
        monkeypatch.setattr(agent, "read_text", lambda path: contents.get(str(path), ""))

    agent.hardware.cache_clear()
    yield only
    agent.hardware.cache_clear()


def test_this_computers_facts_are_taken_by_the_server(agent: ModuleType) -> None:
    facts = agent.collect_facts()
    body = json.dumps({"token": "t", "platform": agent.PLATFORM, "facts": facts}).encode()
    read = wire.decode_enroll(body).facts
    assert read.os_name
    assert read.host_name
    assert read.disk_total_bytes
    assert set(facts) <= set(wire.Facts.__dataclass_fields__)


@pytest.mark.parametrize(
    ("release", "debian_version", "expected"),
    [
        (DEBIAN, "12.5", ("Debian GNU/Linux", "12.5")),
        (DEBIAN, "bookworm/sid", ("Debian GNU/Linux", "12")),
        (DEBIAN, "", ("Debian GNU/Linux", "12")),
        (UBUNTU, "trixie/sid", ("Ubuntu", "24.04.1")),
        (FEDORA, "", ("Fedora Linux", "40")),
        ('NAME="Arch Linux"\nID=arch\nBUILD_ID=rolling\n', "", ("Arch Linux", "")),
        ("", "", ("Linux", "")),
    ],
)
def test_the_full_version_of_a_linux(
    agent: ModuleType, files: Files, release: str, debian_version: str, expected: tuple[str, str]
) -> None:
    files({"/etc/os-release": release, "/etc/debian_version": debian_version})
    assert agent.operating_system() == expected


def test_a_pc(agent: ModuleType, files: Files) -> None:
    firmware = "/sys/class/dmi/id"
    files(
        {
            f"{firmware}/sys_vendor": "LENOVO",
            f"{firmware}/product_name": "20XW004QGE",
            f"{firmware}/product_version": "ThinkPad X1 Carbon Gen 9",
            f"{firmware}/product_serial": "PF3ABCDE",
            "/etc/machine-id": "0123456789abcdef0123456789abcdef",
        }
    )
    found = agent.hardware()
    assert (found["manufacturer"], found["model"]) == ("LENOVO", "ThinkPad X1 Carbon Gen 9")
    assert found["serial"] == "PF3ABCDE"
    assert len(found["stable_id"]) == 64
    assert "0123456789abcdef" not in found["stable_id"]


def test_a_self_built_pc_says_nothing_rather_than_nonsense(agent: ModuleType, files: Files) -> None:
    firmware = "/sys/class/dmi/id"
    files(
        {
            f"{firmware}/sys_vendor": "To Be Filled By O.E.M.",
            f"{firmware}/product_name": "System Product Name",
            f"{firmware}/product_serial": "Default string",
        }
    )
    assert set(agent.hardware().values()) == {""}


def test_an_arm_board(agent: ModuleType, files: Files) -> None:
    files(
        {
            "/proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4",
            "/proc/device-tree/serial-number": "10000000abc",
        }
    )
    found = agent.hardware()
    assert (found["model"], found["serial"]) == ("Raspberry Pi 4 Model B Rev 1.4", "10000000abc")


@pytest.mark.parametrize(
    "text", ["0", "0000000", "None", "N/A", "OEM", "123456789", "System Serial Number", "-", ""]
)
def test_placeholders(agent: ModuleType, text: str) -> None:
    assert agent.without_placeholder(text) == ""


@pytest.mark.parametrize("text", ["System76", "0A1B", "Nonesuch 1", "ThinkPad", "OEMbed X"])
def test_not_placeholders(agent: ModuleType, text: str) -> None:
    assert agent.without_placeholder(text) == text


def test_battery_of_the_computer_and_not_of_the_mouse(
    agent: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    supplies = {
        "AC": {"type": "Mains"},
        "hidpp_battery_0": {"type": "Battery", "scope": "Device", "capacity": "5"},
        "BAT0": {"type": "Battery", "capacity": "81"},
    }
    for name, contents in supplies.items():
        (tmp_path / name).mkdir()
        for file, text in contents.items():
            (tmp_path / name / file).write_text(text + "\n")
    monkeypatch.setattr(
        agent, "Path", lambda path: tmp_path if path == "/sys/class/power_supply" else Path(path)
    )
    assert agent.battery_percent() == 81


def test_a_mac(agent: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = {
        "machine_name": "MacBook Pro",
        "machine_model": "MacBookPro18,3",
        "serial_number": "C02ABCDEFGHJ",
        "platform_UUID": "00000000-AAAA-BBBB-CCCC-000000000000",
    }
    printed = {
        "system_profiler": json.dumps({"SPHardwareDataType": [profile]}),
        "sw_vers": "14.4.1",
    }
    monkeypatch.setattr(agent, "printed_by", lambda program, *_: printed[program])
    monkeypatch.setattr(agent, "PLATFORM", "macos")
    assert agent.macos_hardware()[:3] == ("Apple", "MacBook Pro (MacBookPro18,3)", "C02ABCDEFGHJ")
    assert agent.operating_system() == ("macOS", "14.4.1")


def test_a_mac_that_does_not_answer(agent: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent, "printed_by", lambda program, *_: "Mac16,10" if program == "sysctl" else "")
    assert agent.macos_hardware() == ("Apple", "Mac (Mac16,10)", "", "")


@pytest.mark.parametrize(
    ("product", "build", "expected"),
    [
        ("Windows 10 Pro", "22631", ("Windows 11 Pro", "10.0.22631.3296")),
        ("Windows 10 Home", "19045", ("Windows 10 Home", "10.0.19045.3296")),
        ("Windows Server 2022 Standard", "20348", ("Windows Server 2022 Standard", "10.0.20348.3296")),
    ],
)
def test_windows(
    agent: ModuleType, monkeypatch: pytest.MonkeyPatch, product: str, build: str, expected: tuple[str, str]
) -> None:
    values = {"ProductName": product, "CurrentBuild": build, "UBR": "3296"}
    monkeypatch.setattr(agent, "windows_registry", lambda _, name: values[name])
    monkeypatch.setattr(agent, "PLATFORM", "windows")
    assert agent.operating_system() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a\0b\r\nc", "a b c"), ("\ud800x", "x"), ("\u202eevil", "evil"), ("x" * 300, "x" * 255)],
)
def test_text_becomes_one_tidy_line(agent: ModuleType, text: str, expected: str) -> None:
    assert agent.tidy(text, 255) == expected
