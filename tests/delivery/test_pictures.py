"""The drawings beside the steps: hand-written and small, each with the copy that mails carry."""

from __future__ import annotations

import hashlib
import re
import struct
from pathlib import Path

import pytest

from models import Platform
from services import channels

ROOT = Path(__file__).parents[2]
SPRITE = ROOT / "static/pictures.svg"
COPIES = ROOT / "templates/mail/pictures"
DRAWINGS = dict(re.findall(r'<symbol id="([^"]+)"(.*?)</symbol>', SPRITE.read_text("utf-8"), re.DOTALL))


def names_on(platform: str) -> list[str]:
    return [step.picture for step in channels.of(platform).instructions(platform)]


@pytest.mark.parametrize("platform", [Platform.IOS, Platform.MACOS])
def test_every_step_on_the_device_shows_what_the_person_sees(platform: str) -> None:
    begin, *on_the_device = names_on(platform)
    assert begin == "", "that one stands in no window of the device"
    assert all(on_the_device)
    assert len(set(on_the_device)) == len(on_the_device)


def test_every_drawing_is_shown_somewhere_and_every_name_is_a_drawing() -> None:
    shown = {name for platform in channels.TABLE for name in names_on(platform) if name}
    assert shown == set(DRAWINGS)


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_small_wordless_and_leaves_its_colours_to_the_page(name: str) -> None:
    drawing = DRAWINGS[name]
    assert len(drawing) < 2_000
    assert 'viewBox="0 0 160 120"' in drawing
    assert not re.search(r"<(text|style|image|script)|#[0-9a-f]{3}|rgb\(|href", drawing)


@pytest.mark.parametrize("name", DRAWINGS)
def test_every_drawing_has_its_copy_for_mails_at_twice_the_size(name: str) -> None:
    content = (COPIES / f"{name}.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert struct.unpack(">II", content[16:24]) == (320, 240)
    assert len(content) < 6_000


def test_the_copies_were_made_from_the_drawings_as_they_are() -> None:
    assert {path.stem for path in COPIES.glob("*.png")} == set(DRAWINGS)
    digest = hashlib.sha256(SPRITE.read_bytes()).hexdigest()
    said = (COPIES / "pictures.svg.sha256").read_text("utf-8")
    assert said == f"{digest}  static/pictures.svg\n", "run scripts/draw_mail_pictures.py"
