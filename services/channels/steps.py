"""One step of the way in: its sentence, and what the person sees while doing it."""

from __future__ import annotations

from typing import NamedTuple


class Step(NamedTuple):
    """What channels give, with a message id; and what pages and mails show, with the sentence in the reader's words."""

    text: str
    picture: str = ""  # a drawing of static/pictures.svg, and of templates/mail/pictures/
