"""The guess at what a browser runs on."""

import pytest

from blueprints.shared.platform_of import platform_of

SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0"


@pytest.mark.parametrize(
    ("user_agent", "platform"),
    [
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) {SAFARI} Mobile/15E148 Safari/604.1",
            "ios",
        ),
        (f"Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) {SAFARI} Mobile/15E148 Safari/604.1", "ios"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {SAFARI} Mobile/15E148", "ios"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {SAFARI} Safari/605.1.15", "macos"),
        ("Mozilla/5.0 (Linux; Android 16; Pixel 8) AppleWebKit/537.36 Chrome/142.0 Mobile", "android"),
        ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0", "windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "linux"),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/142.0", None),
        ("Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Lumia 950) Edge/15", None),
        ("curl/8.10.1", None),
        ("", None),
        (None, None),
        ("x" * 100_000 + "Linux", None),
    ],
)
def test_a_browser_says_what_it_runs_on(user_agent: str | None, platform: str | None) -> None:
    assert platform_of(user_agent) == platform
