"""QR codes as inline SVG: one path of run-length rectangles, so that a code is 4 kB and needs no picture file."""

from __future__ import annotations

from markupsafe import Markup
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

QUIET_ZONE = 4  # modules of white on every side (ISO/IEC 18004, 5.3.8)


def svg(text: str, label: str) -> Markup:
    """The text as a QR code; `label` is what a screen reader says in its place.

    It paints its own white ground, so that cameras read it in the dark theme too.
    """
    matrix = _matrix(text)
    size = len(matrix) + 2 * QUIET_ZONE
    return Markup(
        '<svg class="code" viewBox="0 0 {size} {size}" role="img" aria-label="{label}"'
        ' shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{size}v{size}H0z"/><path d="{path}"/></svg>'
    ).format(size=size, label=label, path=_path(matrix))


def _matrix(text: str) -> list[list[bool]]:
    code = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text.encode())
    code.make(fit=True)
    return code.get_matrix()


def _path(matrix: list[list[bool]]) -> str:
    """One rectangle for each run of dark modules in a row."""
    parts = []
    for y, row in enumerate(matrix, start=QUIET_ZONE):
        x = 0
        while x < len(row):
            start = x
            while x < len(row) and row[x]:
                x += 1
            if x > start:
                parts.append(f"M{start + QUIET_ZONE} {y}h{x - start}v1h-{x - start}z")
            else:
                x += 1
    return "".join(parts)
