"""What people call the things that Apple numbers: models by their product identifier, and systems by the
model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

MANUFACTURER = "Apple"

_SYSTEMS = (
    ("iPhone", "iOS"),
    ("iPod", "iOS"),
    ("iPad", "iPadOS"),
    ("AppleTV", "tvOS"),
    ("Watch", "watchOS"),
    ("RealityDevice", "visionOS"),
    ("Mac", "macOS"),
    ("iMac", "macOS"),
    ("Xserve", "macOS"),
    ("VirtualMac", "macOS"),
)


def model_name(product: str, more: Mapping[str, str] | None = None) -> str:
    """The marketing name of "iPhone15,2", or the identifier itself; `more` are names that an administrator
    added.
    """
    return (more or {}).get(product) or _models().get(product, product)


def system_name(product: str) -> str | None:
    """iOS, iPadOS, macOS ... by the product identifier; None for a kind that did not exist when this was
    written.
    """
    for start, name in _SYSTEMS:
        if product.startswith(start):
            return name
    return None


@cache
def _models() -> dict[str, str]:
    names: dict[str, str] = json.loads(Path(__file__).with_name("models.json").read_text("utf-8"))
    return names
