"""Simulation: how a simulated device reaches its server, over HTTP or straight into a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple


class Response(NamedTuple):
    """What the transport brings back."""

    status: int
    body: bytes


Transport = Callable[[str, str, Mapping[str, str], bytes], Response]
"""Method, address, headers, body."""


class Failed(Exception):
    """The server did not do what the device needs."""


def expect(response: Response) -> Response:
    """Raises Failed unless the server said yes."""
    if response.status != 200:
        raise Failed(f"status {response.status}")
    return response
