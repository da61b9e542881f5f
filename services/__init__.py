"""The rules: verbs on the nouns. No Flask and no HTML here."""
