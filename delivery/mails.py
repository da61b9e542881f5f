"""A letter as a mail: its headers, its pictures, and the bytes that go over the wire."""

from __future__ import annotations

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from pathlib import Path
from urllib.parse import urlsplit

import flask_mail
from flask import current_app

from blueprints.shared import organisation
from delivery.letters import Letter
from models import Message
from services import outbox

POLICY = SMTP.clone(cte_type="7bit")  # for servers that announce no 8BITMIME (RFC 6152)
# Mail programs show no SVG, and to fetch a picture would tell when a mail was read: so these are in the mail itself.
PICTURES = Path(__file__).parent.parent / "templates/mail/pictures"
PICTURE = re.compile(r'src="cid:([a-z-]+)@muster"')


class Mail(flask_mail.Message):
    """Flask-Mail's own headers lose the quotes around a name with a comma, so these are written by `email`."""

    def as_bytes(self) -> bytes:
        mail = EmailMessage(policy=POLICY)
        mail["Subject"] = self.subject
        mail["From"] = _sender()
        mail["To"] = flask_mail.sanitize_address(self.recipients[0])
        mail["Date"] = formatdate(self.date, localtime=True)
        mail["Message-ID"] = self.msgId
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(self.body or "")
        mail.add_alternative(self.html or "", subtype="html")
        if self.attachments:
            self._add_pictures(mail)
        return mail.as_bytes()

    def _add_pictures(self, mail: EmailMessage) -> None:
        """Beside the HTML that refers to them, so that no program lists them as attachments (RFC 2387, RFC 2392)."""
        html = mail.get_body(("html",))
        assert html is not None
        for picture in self.attachments:
            html.add_related(
                picture.data,
                *picture.content_type.split("/"),
                disposition=picture.disposition,
                filename=picture.filename,
                cid=picture.headers["Content-ID"],
            )
        html.set_param("type", "text/html")


def mail_of(message: Message, letter: Letter) -> Mail:
    """The letter, addressed. Its Message-ID is the same at every try."""
    mail = Mail(
        subject=letter.subject,
        recipients=[message.recipient],
        body=letter.text,
        html=letter.html,
        sender=_sender().addr_spec,
    )
    host = urlsplit(current_app.config["PUBLIC_URL"]).hostname
    mail.msgId = outbox.message_id(message, host or "localhost")
    for name in dict.fromkeys(PICTURE.findall(letter.html)):
        content = (PICTURES / f"{name}.png").read_bytes()
        mail.attach(f"{name}.png", "image/png", content, "inline", {"Content-ID": f"<{name}@muster>"})
    return mail


def _sender() -> Address:
    """The configured address, under its own name or the organisation's."""
    name, address = parseaddr(current_app.config["MAIL_DEFAULT_SENDER"])
    return Address(name or " ".join(organisation.current().organisation.split()), addr_spec=address)
