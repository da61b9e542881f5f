"""Counting segments: the limits of GSM-7 and UCS-2, to the character."""

from __future__ import annotations

import pytest

from services import sms_text
from services.refused import Refused
from services.sms_text import Segments


@pytest.mark.parametrize(
    ("text", "encoding", "count", "units"),
    [
        ("", "GSM-7", 0, 0),
        ("a", "GSM-7", 1, 1),
        ("a" * 160, "GSM-7", 1, 160),
        ("a" * 161, "GSM-7", 2, 161),
        ("a" * 306, "GSM-7", 2, 306),
        ("a" * 307, "GSM-7", 3, 307),
        ("a" * 459, "GSM-7", 3, 459),
        ("a" * 460, "GSM-7", 4, 460),
        ("@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà", "GSM-7", 1, 42),
        ("€", "GSM-7", 1, 2),
        ("{}[]^~|\\€", "GSM-7", 1, 18),
        ("€" * 80, "GSM-7", 1, 160),
        ("a" * 159 + "€", "GSM-7", 2, 161),
        ("€" * 152, "GSM-7", 2, 304),  # 76 in each: the 153rd place cannot hold half of one
        ("€" * 153, "GSM-7", 3, 306),
        ("a" * 152 + "€" + "a" * 151, "GSM-7", 2, 305),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 3, 306),
        ("`", "UCS-2", 1, 1),
        ("ç", "UCS-2", 1, 1),  # only the capital is in the alphabet
        ("é" * 159 + "ê", "UCS-2", 3, 160),
        ("я" * 70, "UCS-2", 1, 70),
        ("я" * 71, "UCS-2", 2, 71),
        ("я" * 134, "UCS-2", 2, 134),
        ("я" * 135, "UCS-2", 3, 135),
        ("я" * 201, "UCS-2", 3, 201),
        ("😀", "UCS-2", 1, 2),
        ("😀" * 35, "UCS-2", 1, 70),
        ("😀" * 36, "UCS-2", 2, 72),
        ("😀" * 66, "UCS-2", 2, 132),  # 33 in each: a pair is never torn apart
        ("😀" * 67, "UCS-2", 3, 134),
        ("👩‍💻", "UCS-2", 1, 5),  # two pairs and a joiner
        ("\u00a0", "UCS-2", 1, 1),
    ],
)
def test_a_text_is_counted(text: str, encoding: str, count: int, units: int) -> None:
    assert sms_text.segments(text) == Segments(encoding, count, units)


@pytest.mark.parametrize(
    "control", ["\r", "\n", "\r\n", "\0", "\x1b", "\f", "\t", "\x85", "\u2028", "\ud800"]
)
def test_lines_and_controls_are_refused(control: str) -> None:
    for count in (sms_text.segments, sms_text.check):
        with pytest.raises(Refused):
            count(f"Your PIN{control}Bcc: +4400")


@pytest.mark.parametrize("text", ["", "a" * 460, "я" * 202])
def test_nothing_and_too_much_may_not_go_out(text: str) -> None:
    with pytest.raises(Refused, match="1 to 3 segments"):
        sms_text.check(text)


def test_three_segments_may() -> None:
    assert sms_text.check("a" * 459).count == sms_text.check("я" * 201).count == 3
