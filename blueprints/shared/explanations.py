"""What the error pages say, by status."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext

from services.refused import N_


@dataclass(frozen=True)
class Explanation:
    """What a person reads (message ids): an icon, a heading, what it means, and what stayed as it was."""

    icon: str
    title: str
    lead: str
    more: str = ""

    def in_readers_language(self) -> Explanation:
        return Explanation(
            self.icon, *(gettext(text) if text else "" for text in (self.title, self.lead, self.more))
        )


NOTHING_CHANGED = N_("Nothing was changed.")
EXPLANATIONS = {
    400: Explanation(
        "error",
        N_("We did not understand that"),
        N_("The request was damaged on its way, or it was not meant for this address."),
        NOTHING_CHANGED,
    ),
    403: Explanation(
        "lock",
        N_("You may not do this"),
        N_("Your account does not have the right for it."),
        N_("Nothing was changed. The help desk can tell you who gives that right."),
    ),
    404: Explanation(
        "search",
        N_("There is no such page"),
        N_("The address may have a typing mistake, or the device may belong to someone else."),
        N_("Nothing was changed. Your devices are where you left them."),
    ),
    405: Explanation(
        "error",
        N_("This address does not work that way"),
        N_("It may be meant for a button on a page, not for the address bar."),
        NOTHING_CHANGED,
    ),
    409: Explanation("warning", N_("That is not possible now"), N_("A rule says no."), NOTHING_CHANGED),
    413: Explanation(
        "error",
        N_("That was too long"),
        N_("What you sent is larger than this page takes."),
        N_("Nothing was changed. Make it shorter and send it again."),
    ),
    415: Explanation(
        "error",
        N_("We cannot read that"),
        N_("What was sent has a form that this address does not take."),
        NOTHING_CHANGED,
    ),
    422: Explanation(
        "warning",
        N_("Something needs another look"),
        N_("One of your answers cannot be used."),
        NOTHING_CHANGED,
    ),
    429: Explanation(
        "clock",
        N_("Please wait a little"),
        N_("There were too many tries from your network."),
    ),
    500: Explanation(
        "error",
        N_("Something went wrong here"),
        N_("The mistake is ours, not yours. It has been written down."),
        N_("Look at your devices before you try again: it may have worked."),
    ),
    503: Explanation(
        "clock",
        N_("We are busy for a moment"),
        N_("Your request could not be stored just now."),
        N_("Nothing was changed. Try again in a few seconds."),
    ),
}
OLD_PAGE = Explanation(
    "clock",
    N_("This page was open for too long"),
    N_("To be sure that it is you who is asking, we did not do it."),
    N_("Nothing was changed. Open the page again and repeat the last step."),
)
OTHER_SITE = Explanation(
    "warning",
    N_("This came from another site"),
    N_("A page that is not ours tried to do something in your name. We did not do it."),
    NOTHING_CHANGED,
)
