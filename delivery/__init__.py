"""Mails: written from templates in the recipient's language, and handed to the mail server."""
