"""What people do again and again, on whatever page they are."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


def marks_page(page: Page) -> None:
    """From now on `is_still_the_same_page` tells whether the page was loaded anew."""
    page.evaluate("window.wasHereBefore = true")


def is_still_the_same_page(page: Page) -> bool:
    return bool(page.evaluate("window.wasHereBefore === true"))


def reads_link_in_mail(carol: Page) -> str:
    """The newest message of the demo's outbox is the invitation: the link in it."""
    carol.goto("/admin/messages")
    letter = carol.locator("details").filter(has=carol.locator("a[href*='/go/']")).first
    letter.locator("summary").click()
    link = letter.locator("a[href*='/go/']")
    expect(link).to_be_visible()
    return link.get_attribute("href") or ""


def proves(device: Page, **fields: str) -> None:
    """Step one of /go: proves(page, Password="...", PIN="...")."""
    for label, text in fields.items():
        device.get_by_label(label).first.fill(text)
    device.get_by_role("button", name="Go on").click()


def accepts(device: Page) -> str:
    """Step two; returns the line that step three shows."""
    expect(device.get_by_role("heading", name="What you agree to")).to_be_visible()
    device.get_by_label("I have read this and accept").check()
    device.get_by_role("button", name="Accept and go on").click()
    expect(device.get_by_role("heading", name="Start the agent")).to_be_visible()
    return device.locator("#command").inner_text()


def fact(page: Page, label: str) -> str:
    """What the device's page says beside this word."""
    line = page.locator("dl.facts > div").filter(has=page.get_by_text(label, exact=True))
    return line.locator("dd").inner_text()


def presses(button: Locator) -> None:
    """With a key: a part that is swapped between the two halves of a mouse click loses the click, not the focus."""
    button.press("Enter")
