"""What may be registered: which platforms and ways, how many devices, and whose they are."""

from __future__ import annotations

from models import COUNTED_BY_LIMIT, Device, Ownership, Platform, Role, User, Way
from services import channels, lifecycle, permissions
from services.lifecycle import Event
from services.refused import N_, Forbidden, Refused
from services.settings import Settings

NOT_OFFERED = N_("This kind of device may not be registered here. Ask the help desk.")
NEEDS_ITS_OWN = N_("This needs a registration of its own. Start it in the portal.")


def platforms_offered(rules: Settings) -> list[Platform]:
    """Platforms that have a channel and that the settings allow."""
    return [platform for platform in channels.TABLE if is_offered(platform, rules)]


def is_offered(platform: str, rules: Settings) -> bool:
    return platform in channels.TABLE and rules.allows(platform)


def ways_offered(rules: Settings) -> list[Way]:
    allowed = {Way.INVITATION: True, Way.PIN: rules.pin_registration, Way.QR: rules.qr_registration}
    return [way for way in Way if allowed[way]]


def room_left(user: User, rules: Settings) -> int | None:
    """How many more devices the person may register; None: as many as they like."""
    most = rules.devices_per_user
    if not most:
        return None
    return max(0, most - _counted(user))


def refuse_way(way: Way, user: User, rules: Settings) -> None:
    if way not in ways_offered(rules):
        raise Refused(N_("This way is switched off here. Choose another."), field="way")
    if way == Way.INVITATION and not user.email:
        raise Refused(
            N_("There is no e-mail address to send it to. Add one to the account, or choose another way."),
            field="way",
        )


def check_again(way: Way, platform: str, owner: User, by: User, rules: Settings) -> None:
    """May `by` have a registration of that owner once more, this way? Raises Forbidden or Refused.

    The help desk may do it for others by invitation only, so that the secrets go to the owner alone.
    """
    may_resend = way == Way.INVITATION and permissions.may_resend_for(by, owner)
    if not may_resend and not permissions.may_register_for(by, owner):
        raise Forbidden()
    if not is_offered(platform, rules):
        raise Refused(NOT_OFFERED)
    refuse_way(way, owner, rules)


def may_again(way: Way, status: str, platform: str, owner: User, by: User, rules: Settings) -> bool:
    """What `registrations.renew` checks by, for the buttons."""
    if not lifecycle.may(status, Event.RENEW):
        return False
    try:
        check_again(way, platform, owner, by, rules)
    except Refused:
        return False
    return True


def chosen_ownership(ownership: str | None, by: User, rules: Settings) -> str:
    if not ownership or ownership == rules.default_ownership:
        return rules.default_ownership
    if ownership not in tuple(Ownership):
        raise Refused(N_("Choose one of these."), field="ownership")
    if not rules.users_may_choose_ownership and not permissions.has_role(by, Role.ADMINISTRATOR):
        raise Refused(N_("You cannot choose whose device it is."), field="ownership")
    return ownership


def refuse_over_limit(user: User, rules: Settings, besides: Device | None = None) -> None:
    """Asked inside the transaction that adds the device, so that no number of requests gets past it."""
    counted = _counted(user, besides)
    if rules.devices_per_user and counted >= rules.devices_per_user:
        raise Refused(
            N_("You may have %(most)s devices, and you have them all. Retire or cancel one first."),
            field="platform",
            most=rules.devices_per_user,
        )


def _counted(user: User, besides: Device | None = None) -> int:
    query = Device.select().where(Device.user == user, Device.status.in_(COUNTED_BY_LIMIT))
    if besides is not None:
        query = query.where(Device.id != besides.id)
    return int(query.count())
