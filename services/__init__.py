"""The rules: verbs on the nouns. No Flask and no HTML here."""

from services import audit, notifications

# Here, so that nothing is ever done to a person's device or account without them: whatever is imported from
# `services`, this has run before.
audit.followers.append(notifications.follow)
