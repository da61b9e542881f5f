"""Draws the symbols of static/pictures.svg again, as the PNG files that mails carry: mail programs show no SVG.

    .venv/bin/python scripts/draw_mail_pictures.py

It takes the Chromium of debian-packages.txt and the light colours of portal.css. Each picture has that ground of its own,
for mail programs that are dark, and twice the size, for sharp screens. A test asks whether it was run.
"""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
SPRITE = ROOT / "static/pictures.svg"
STYLE = ROOT / "static/portal.css"
TARGET = ROOT / "templates/mail/pictures"
DRAWN_FROM = TARGET / "pictures.svg.sha256"
CHROMIUM = "/usr/bin/chromium"
WIDTH, HEIGHT, SHARPNESS = 160, 120, 2
COLOURS = 32  # of two colours and their edges no eye misses more, and a third of the bytes is left


def main() -> None:
    drawings = SPRITE.read_text("utf-8")
    TARGET.mkdir(exist_ok=True)
    for old in TARGET.glob("*.png"):
        old.unlink()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=SHARPNESS)
        for name in re.findall(r'<symbol id="([^"]+)"', drawings):
            page.set_content(_page(drawings, name))
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(COLOURS)
            picture.save(TARGET / f"{name}.png", optimize=True)
        browser.close()
    digest = hashlib.sha256(SPRITE.read_bytes()).hexdigest()
    DRAWN_FROM.write_text(f"{digest}  {SPRITE.relative_to(ROOT)}\n", "utf-8")


def _page(drawings: str, name: str) -> str:
    """One drawing, and nothing else, as the portal shows it."""
    return (
        f"<!doctype html><style>{STYLE.read_text('utf-8')}</style>"
        f'<svg class="picture" width="{WIDTH}" height="{HEIGHT}"><use href="#{name}"/></svg>'
        f"<div hidden>{drawings}</div>"
    )


if __name__ == "__main__":
    main()
