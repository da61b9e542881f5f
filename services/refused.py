"""How a rule says no: with a sentence for the person, and the field it belongs to."""


def N_(message: str) -> str:
    """Marks a sentence for translation; whoever shows it translates it."""
    return message


class Refused(Exception):
    """A rule said no.

    `message` is a gettext message id, `params` fill its named places, and `field` names the form field that
    it belongs to (nothing: the whole form).
    """

    def __init__(self, message: str, field: str = "", **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.params = params

    def __str__(self) -> str:
        return self.message % self.params if self.params else self.message


class Forbidden(Refused):
    """The person lacks the right. Answered with 403."""

    def __init__(self, message: str = N_("You do not have the right to do this.")) -> None:
        super().__init__(message)
