"""What the tests of Apple's protocol borrow from those of the rules."""

from tests.services.conftest import at_once

__all__ = ["at_once"]
