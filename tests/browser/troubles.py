"""Listens to every page of a test: script errors, refusals of the content security policy, failed requests."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response

# Whoever leaves a page, or swaps away the part that waits, gives its request up.
GIVEN_UP = "net::ERR_ABORTED"


class Troubles:
    """What pages complained about, as lines to read."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.expected: list[str] = []

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.found.append(f"script: {error.error}"))
        context.on("requestfailed", self._on_failure)
        context.on("response", self._on_response)

    def expect(self, *texts: str) -> None:
        """This belongs to the test: a status such as 422, or a part of a message."""
        self.expected += texts

    def unexpected(self) -> list[str]:
        return [line for line in self.found if not any(text in line for text in self.expected)]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.found.append(f"console: {message.text} ({message.location['url']})")

    def _on_failure(self, request: Request) -> None:
        if request.failure != GIVEN_UP:
            self.found.append(f"{request.failure}: {request.method} {request.url}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self.found.append(f"{response.status}: {response.request.method} {response.url}")
