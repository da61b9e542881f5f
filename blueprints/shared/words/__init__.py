"""The words and sentences for every code that the database holds, in the reader's language."""

from blueprints.shared.words.history import audit_sentence
from blueprints.shared.words.meanings import meaning_sentence
from blueprints.shared.words.messages import (
    message_kind_word,
    message_reason,
    message_state_word,
    obstacle_sentence,
)
from blueprints.shared.words.names import (
    action_hint,
    action_word,
    display_name,
    does_not_apply,
    not_reported,
    ownership_word,
    platform_icon,
    platform_word,
    role_word,
    status_look,
    status_sentence,
    status_word,
    system_word,
    way_word,
)
from blueprints.shared.words.orders import (
    command_sentence,
    command_title,
    command_tone,
    reason_sentence,
)

__all__ = [
    "action_hint",
    "action_word",
    "audit_sentence",
    "command_sentence",
    "command_title",
    "command_tone",
    "display_name",
    "does_not_apply",
    "meaning_sentence",
    "message_kind_word",
    "message_reason",
    "message_state_word",
    "not_reported",
    "obstacle_sentence",
    "ownership_word",
    "platform_icon",
    "platform_word",
    "reason_sentence",
    "role_word",
    "status_look",
    "status_sentence",
    "status_word",
    "system_word",
    "way_word",
]
