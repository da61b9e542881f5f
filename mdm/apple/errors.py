"""The one exception that reading Apple's protocols can raise."""

from __future__ import annotations


class Malformed(ValueError):
    """Bytes that break a protocol, or that do not prove what they claim.

    `code` is short, stable and safe to log. `field` names the key it is about, "" for the whole; it is one of
    the protocol's own words, never something that was sent.

    Of any message: too_large, too_deep, too_many, truncated, wrong_type, missing, unknown_value, too_long. Of
    property lists: not_a_plist, doctype, entities, duplicate_key. Of signatures and certificates: not_base64,
    bad_signature, unsupported, weak_key, not_issued_here, not_yet_valid, expired, wrong_usage. Of envelopes:
    unreadable, whatever the reason.
    """

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(f"{code} at {field}" if field else code)
        self.code = code
        self.field = field
