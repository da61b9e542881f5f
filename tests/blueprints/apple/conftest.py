"""What the tests of Apple's protocol borrow from those of the rules and of /go."""

from tests.blueprints.enrolment.conftest import invite, travel
from tests.services.conftest import at_once

__all__ = ["at_once", "invite", "travel"]
