"""Mails, text messages and pushes: the first two written in the recipient's language, all handed to a server."""
