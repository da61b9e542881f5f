"""Looks at a page in light and dark, wide and narrow: axe-core's findings, sideways scrolling, and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

PICTURES = Path(__file__).parents[2] / "test-results"
WIDE, PHONE, NARROWEST = 1280, 390, 320
EVERYTHING = {"resultTypes": ["violations"]}
# The dark look differs in colours alone, so that nothing else has to be asked again.
ONLY_COLOURS = EVERYTHING | {"runOnly": ["color-contrast", "link-in-text-block"]}
STICKING_OUT = """[...document.querySelectorAll('main *, header *, footer *')]
    .filter((element) => element.getBoundingClientRect().right > innerWidth && !element.closest('.vh'))
    .slice(0, 3).map((element) => element.outerHTML.slice(0, 80)).join(' | ')"""


class Looks:
    """Gathers what is wrong with the pages that it was shown."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        PICTURES.mkdir(exist_ok=True)

    def at(self, page: Page, name: str) -> None:
        """Look at the page as it stands; its pictures get this name."""
        before = page.viewport_size
        for width in (WIDE, NARROWEST):
            page.set_viewport_size({"width": width, "height": 800})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                rules = EVERYTHING if scheme == "light" else ONLY_COLOURS
                self._ask_axe(page, f"{name}, {scheme}, {width} px", rules)
                if width == WIDE:
                    self._keep(page, f"{name}-{scheme}")
        self.measure(page, name)
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": PHONE, "height": 800})
        self._keep(page, f"{name}-phone")
        if before:
            page.set_viewport_size(before)

    def measure(self, page: Page, name: str) -> None:
        """Nothing sticks out on the right of the narrowest screen."""
        page.set_viewport_size({"width": NARROWEST, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth") > NARROWEST:
            self.problems.append(f"{name}: scrolls sideways at {NARROWEST} px: {page.evaluate(STICKING_OUT)}")

    def _ask_axe(self, page: Page, where: str, rules: dict[str, Any]) -> None:
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        for violation in page.evaluate("rules => axe.run(rules)", rules)["violations"]:
            places = [" ".join(map(str, node["target"])) for node in violation["nodes"]]
            self.problems.append(
                f"{where}: {violation['id']}: {violation['help']} at {'; '.join(places[:3])}"
            )

    def _keep(self, page: Page, name: str) -> None:
        # With the caret left alone: hiding it puts style="" on fields, which htmx would carry over.
        page.screenshot(path=PICTURES / f"{name}.png", full_page=True, caret="initial")
