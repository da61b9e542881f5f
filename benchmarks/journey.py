"""How long until a person sees what happened: an agent's first check-in, and Active in a real browser."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

from playwright.sync_api import sync_playwright

from benchmarks.portal import PASSWORD, ROOT, data_folder, serve
from models import User, Way
from services import database, enrolment_tokens, registrations

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
Figures = Iterator[tuple[str, float, str]]


def active_seen_s() -> Figures:
    """From the end of the agent's enrolment (its first check-in is in it) to Active on the open home page."""
    with data_folder() as folder:
        database.connect()
        alice = User.get(User.username == "alice")
        issued = registrations.start(alice, "linux", Way.QR, by=alice)
        token = enrolment_tokens.accept(issued.registration, issued.registration.issued_at)
        database.close()
        with serve(folder) as portal, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page()
            page.goto(f"{portal.url}/sign-in")
            page.fill("[name=username]", "alice")
            page.fill("[name=password]", PASSWORD)
            page.click("main button")
            page.wait_for_selector(f"#device-{issued.device.code}")
            subprocess.run(
                [sys.executable, "agent/muster_agent.py", "enroll", "--server", portal.url, "--token", token,
                 "--state", str(folder / "agent.json"), "--once"],
                cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            checked_in = time.perf_counter()
            page.wait_for_selector(f"#device-{issued.device.code} .status.good", timeout=30_000)
            yield "active_seen_s", time.perf_counter() - checked_in, "s"
            browser.close()
