"""Words for what only iPhones, iPads and Macs are ordered to do, and for what they let us see."""

from __future__ import annotations

from flask_babel import gettext

from mdm.apple.inventories import Security
from services.refused import N_

KINDS: dict[str, tuple[str, str]] = {
    "restart": (N_("Restart"), N_("it starts again, and may have no Wi-Fi until somebody unlocks it")),
    "play_sound": (N_("Play a sound"), N_("it sounds until somebody stops it")),
    "report_found": (N_("End lost mode"), N_("it can be used again")),
    "renew": (N_("Renew the certificate"), N_("it gets a new certificate; what is on it stays")),
}

DEEDS: dict[str, tuple[str, str]] = {
    "device:unlock:requested": (N_("You asked to take the passcode off"), N_("%(who)s asked to take the passcode off")),
    "device:unlock:cancelled": (N_("You cancelled the unlock"), N_("%(who)s cancelled the unlock")),
    "device:unlock:withdrawn": (N_("You cancelled the unlock after it was sent"),
                                N_("%(who)s cancelled the unlock after it was sent")),
    "device:locate:requested": (N_("You asked where it is"), N_("%(who)s asked where it is")),
    "device:locate:cancelled": (N_("You no longer asked where it is"), N_("%(who)s no longer asked where it is")),
    "device:restart:requested": (N_("You asked it to restart"), N_("%(who)s asked it to restart")),
    "device:restart:cancelled": (N_("You cancelled the restart"), N_("%(who)s cancelled the restart")),
    "device:restart:withdrawn": (N_("You cancelled the restart after it was sent"),
                                 N_("%(who)s cancelled the restart after it was sent")),
    "device:play_sound:requested": (N_("You asked it to sound"), N_("%(who)s asked it to sound")),
    "device:play_sound:cancelled": (N_("You cancelled the sound"), N_("%(who)s cancelled the sound")),
    "device:report_found:requested": (N_("You asked to end lost mode"), N_("%(who)s asked to end lost mode")),
    "device:report_found:cancelled": (N_("You let lost mode go on"), N_("%(who)s let lost mode go on")),
    "device:renew:requested": (N_("You asked it to renew its certificate"),
                               N_("%(who)s asked it to renew its certificate")),
    "device:renew:cancelled": (N_("You cancelled the new certificate"), N_("%(who)s cancelled the new certificate")),
    "device:pin:shown": (N_("You looked at the PIN of the Mac"), N_("%(who)s looked at the PIN of the Mac")),
}  # fmt: skip

EVENTS: dict[str, str] = {
    "device:unlock:sent": N_("The unlock was sent"),
    "device:unlock:acknowledged": N_("Took the passcode off"),
    "device:unlock:failed": N_("The unlock did not work"),
    "device:unlock:cancelled": N_("The unlock was called off"),
    "device:unlock:expired": N_("The unlock was not confirmed in time"),
    "device:locate:sent": N_("The question where it is was sent"),
    "device:locate:acknowledged": N_("Said where it is"),
    "device:locate:failed": N_("Could not say where it is"),
    "device:locate:cancelled": N_("The question where it is was called off"),
    "device:locate:expired": N_("Did not say in time where it is"),
    "device:restart:sent": N_("The restart was sent"),
    "device:restart:acknowledged": N_("Began to restart"),
    "device:restart:failed": N_("The restart did not work"),
    "device:restart:cancelled": N_("The restart was called off"),
    "device:restart:expired": N_("The restart was not confirmed in time"),
    "device:play_sound:sent": N_("The order to sound was sent"),
    "device:play_sound:acknowledged": N_("Sounded"),
    "device:play_sound:failed": N_("Did not sound"),
    "device:play_sound:cancelled": N_("The order to sound was called off"),
    "device:play_sound:expired": N_("Did not sound in time"),
    "device:report_found:sent": N_("The end of lost mode was sent"),
    "device:report_found:acknowledged": N_("Ended lost mode"),
    "device:report_found:failed": N_("Could not end lost mode"),
    "device:report_found:cancelled": N_("The end of lost mode was called off"),
    "device:renew:sent": N_("The order to renew its certificate was sent"),
    "device:renew:acknowledged": N_("Renewed its certificate"),
    "device:renew:failed": N_("Did not renew its certificate"),
    "device:renew:cancelled": N_("The new certificate was called off"),
    "device:renew:expired": N_("Did not renew its certificate in time"),
    "device:wipe:doubted": N_("Spoke after its wipe: it may not have been erased"),
    "device:certificate:issued": N_("Was given a new certificate"),
    "device:certificate:replaced": N_("Used its new certificate; the old one does not count any more"),
    "setting:device_authority:created": N_("The device authority was made"),
    "setting:push_certificate:requested": N_("A push certificate was asked for"),
    "setting:push_certificate:installed": N_("A push certificate was installed"),
    "setting:push_certificate:warned": N_("Administrators were warned that the push certificate ends"),
}


def hints(found: Security | None) -> list[str]:
    """What is not as safe as it should be, and how the person puts it right."""
    if found is None:
        return []
    said = []
    if found.has_passcode is False:
        said.append(
            gettext("It has no passcode. Set one: Settings, Face ID & Passcode (or Touch ID & Passcode).")
        )
    elif found.is_passcode_compliant is False:
        said.append(
            gettext(
                "Its passcode is too simple for the organisation's rules. Choose a longer one: Settings, Face ID & "
                "Passcode (or Touch ID & Passcode), Change Passcode."
            )
        )
    if found.has_file_vault is False:
        said.append(
            gettext(
                "Its disk is not encrypted. Turn on FileVault: System Settings, Privacy & Security, FileVault."
            )
        )
    elif found.is_encrypted is False and found.has_passcode is not False:
        said.append(
            gettext(
                "What is on it is not fully encrypted. Turn its passcode off and on again: Settings, Face ID & Passcode "
                "(or Touch ID & Passcode). Then it must say there, at the bottom: Data protection is enabled."
            )
        )
    if found.has_firewall is False:
        said.append(gettext("Its firewall is off. Turn it on: System Settings, Network, Firewall."))
    return said
