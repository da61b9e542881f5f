"""A wipe removes what is in one folder, and nothing else ever."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.agent.stub_server import StubServer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files, folders, odd names and links that lead out of it."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("keep me")
    folder = tmp_path / "company data"
    (folder / "deep" / "deeper" / ".hidden").mkdir(parents=True)
    (folder / "deep" / "deeper" / "file").write_text("x")
    (folder / "-rf").write_text("x")
    (folder / "new\nline").write_text("x")
    (folder / "read-only").mkdir(mode=0o500)
    (folder / "link-to-folder").symlink_to(outside)
    (folder / "deep" / "link-to-file").symlink_to(outside / "precious")
    (folder / "deep" / "dangling").symlink_to("nowhere")
    os.link(outside / "precious", folder / "hard-link")
    os.mkfifo(folder / "pipe")
    return folder


def once(agent: ModuleType, state_file: Path, *more: str) -> int:
    return int(agent.main(["once", "--state", str(state_file), *more]))


def test_only_the_content_goes_and_then_the_agent_leaves(
    agent: ModuleType, server: StubServer, enrolled: Path, folder: Path, tmp_path: Path
) -> None:
    seen: list[bool] = []
    server.before_answering = lambda: seen.append(any(folder.iterdir()))
    server.will_send(("c1", "wipe"))
    assert once(agent, enrolled, "--allow-wipe", str(folder)) == 0
    assert list(folder.iterdir()) == []
    assert (tmp_path / "outside" / "precious").read_text() == "keep me"
    assert seen == [True, False]
    assert server.results == [("c1", "acknowledged")]
    assert not enrolled.exists()


def test_without_permission_it_fails_and_the_agent_stays(
    agent: ModuleType, server: StubServer, enrolled: Path, folder: Path
) -> None:
    server.will_send(("c1", "wipe"))
    assert once(agent, enrolled) == 0
    assert server.results == [("c1", "failed")]
    assert "--allow-wipe" in server.checkins[-1].results[0].detail
    assert (folder / "deep" / "deeper" / "file").exists()
    assert enrolled.exists()


def test_permission_is_never_remembered(
    agent: ModuleType, server: StubServer, enrolled: Path, folder: Path
) -> None:
    once(agent, enrolled, "--allow-wipe", str(folder))
    assert str(folder) not in enrolled.read_text()
    server.will_send(("c1", "wipe"))
    once(agent, enrolled)
    assert server.results == [("c1", "failed")]
    assert any(folder.iterdir())


def test_what_cannot_be_deleted_is_said(
    agent: ModuleType, server: StubServer, enrolled: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_unlink = os.unlink

    def stubborn(path: str, **options: int | None) -> None:
        if path == "file":
            raise PermissionError(13, "busy")
        really_unlink(path, **options)

    monkeypatch.setattr(os, "unlink", stubborn)
    server.will_send(("c1", "wipe"))
    once(agent, enrolled, "--allow-wipe", str(folder))
    result = server.checkins[-1].results[0]
    assert (result.status, "still there, with what they hold: 1" in result.detail) == ("failed", True)
    assert sorted(path.name for path in folder.rglob("*")) == ["deep", "deeper", "file"]
    assert enrolled.exists()


def test_a_folder_that_became_a_link_after_the_start_is_refused(
    agent: ModuleType, server: StubServer, enrolled: Path, folder: Path, tmp_path: Path
) -> None:
    def swap() -> None:
        if folder.is_symlink():
            return
        shutil.rmtree(folder)
        folder.symlink_to(tmp_path / "outside")

    server.before_answering = swap
    server.will_send(("c1", "wipe"))
    once(agent, enrolled, "--allow-wipe", str(folder))
    assert server.results == [("c1", "failed")]
    assert "through a link" in server.checkins[-1].results[0].detail
    assert (tmp_path / "outside" / "precious").exists()


def test_a_folder_that_becomes_a_link_while_it_is_emptied_is_not_followed(
    agent: ModuleType, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_open = os.open

    def swap_then_open(path: str, flags: int, **options: int | None) -> int:
        if path == "deep":
            (folder / "deep").rename(tmp_path / "moved away")
            (folder / "deep").symlink_to(tmp_path / "outside")
        return really_open(path, flags, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", swap_then_open)
    with agent.opened_folder(str(folder)) as opened:
        assert agent.empty_folder(opened, os.fstat(opened).st_dev) == 1
    assert (tmp_path / "outside" / "precious").exists()


def test_another_device_is_not_entered(agent: ModuleType, folder: Path) -> None:
    with agent.opened_folder(str(folder)) as opened:
        agent.empty_folder(opened, -1)
    assert (folder / "deep" / "deeper" / "file").exists()


def test_a_folder_with_something_mounted_inside_is_refused(
    agent: ModuleType, folder: Path, state_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent, "linux_mount_points", lambda: ["/", str(folder / "deep")])
    with pytest.raises(agent.AgentError, match="another file system"):
        agent.check_wipe_folder(str(folder), state_file)


def test_mount_points_are_read_from_the_kernel(agent: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "/" in agent.linux_mount_points()
    line = r"36 35 98:0 / /mnt/with\040space rw,noatime master:1 - ext3 /dev/root rw"
    monkeypatch.setattr(agent, "read_text", lambda _: line)
    assert agent.linux_mount_points() == ["/mnt/with space"]


def test_folders_too_deep_to_go_down_end_in_an_honest_failure(agent: ModuleType, folder: Path) -> None:
    with agent.opened_folder(str(folder)) as opened:
        assert agent.empty_folder(opened, os.fstat(opened).st_dev, levels=2) == 1
    assert (folder / "deep" / "deeper" / "file").exists()
    assert not (folder / "-rf").exists()


@pytest.mark.parametrize(
    "name", ["/", "home", "above home", "agent", "python", "prefix", "state", "link", "gone", "file"]
)
def test_dangerous_folders_are_refused_at_the_start(
    agent: ModuleType, server: StubServer, enrolled: Path, folder: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "link").symlink_to(folder)
    dangerous = {
        "/": "/",
        "home": os.environ["HOME"],
        "above home": str(tmp_path),
        "agent": str(Path(str(agent.__file__)).parent),
        "python": str(Path(sys.executable).resolve().parent),
        "prefix": sys.prefix,
        "state": str(enrolled.parent),
        "link": str(tmp_path / "link"),
        "gone": str(tmp_path / "gone"),
        "file": str(folder / "-rf"),
    }
    assert once(agent, enrolled, "--allow-wipe", dangerous[name]) == 2
    assert server.checkins == []


@pytest.mark.parametrize("path", ["", ".", "data", "~"])
def test_only_a_full_path_will_do(
    agent: ModuleType, enrolled: Path, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        once(agent, enrolled, "--allow-wipe", path)
    assert ended.value.code == 2
    assert "full path" in capsys.readouterr().err
