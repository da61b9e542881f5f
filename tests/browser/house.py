"""The running portal: where it is, who lives there, and the way in."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, expect

from tests.servers import Server


class House:
    """A demo that runs, and the people of its demo.json."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.url = server.url
        self.data = server.data
        self.settings: list[dict[str, Any]] = []
        people = json.loads((self.data / "demo.json").read_text())["users"]
        self.passwords = {person["name"]: person["password"] for person in people}

    def sign_in(self, page: Page, username: str, password: str = "") -> None:
        """By the form, as everybody does, and until the scripts of the page behind it have begun. A wrong password
        stays where it is.
        """
        page.goto("/sign-in")
        page.get_by_label("User name").fill(username)
        page.get_by_label("Password").fill(password or self.passwords[username])
        page.get_by_role("button", name="Sign in with password").click()
        expect(page.get_by_role("alert") if password else page.get_by_text("Welcome, ")).to_be_visible()
        page.wait_for_load_state()
