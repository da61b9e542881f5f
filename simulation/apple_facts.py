"""Simulation: what a device tells about itself when it is asked, after apple/device-management,
mdm/commands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulation.apple_device import AppleDevice

Reply = dict[str, Any]


def device_information(device: AppleDevice, command: Mapping[str, Any]) -> Reply:
    known: dict[str, Any] = {
        "UDID": device.udid,
        "DeviceName": device.name,
        "OSVersion": device.os_version,
        "BuildVersion": "22F76",
        "ProductName": device.product,
        "ModelName": "MacBook Pro" if device.is_mac else device.product.rstrip("0123456789,"),
        "SerialNumber": device.serial,
        "IsSupervised": device.is_supervised,
        "DeviceCapacity": 128.0,
        "AvailableDeviceCapacity": 41.5,
        "IsActivationLockEnabled": False,
        "WiFiMAC": "02:00:5e:10:00:01",
        "BluetoothMAC": "02:00:5e:10:00:02",
    }
    if device.is_mac:
        known |= {"EthernetMAC": "02:00:5e:10:00:03"}
    else:
        known |= {
            "BatteryLevel": 0.81,
            "IsMDMLostModeEnabled": device.is_in_lost_mode,
            "IsDeviceLocatorServiceEnabled": True,
            "ServiceSubscriptions": [_subscription(device), *device.more_sims],
        }
    return {"QueryResponses": {query: known[query] for query in command["Queries"] if query in known}}


def _subscription(device: AppleDevice) -> dict[str, Any]:
    return {
        "Slot": "CTSubscriptionSlotOne",
        "Label": "Primary",
        "IMEI": device.imei,
        "ICCID": "8949 0200 0012 3456 789",
        "PhoneNumber": device.phone_number,
        "CurrentCarrierNetwork": "Example Mobile",
        "SubscriberCarrierNetwork": "Example Mobile",
        "IsDataPreferred": True,
        "IsVoicePreferred": True,
        "IsRoaming": False,
    }


def security_info(device: AppleDevice, _: Mapping[str, Any]) -> Reply:
    if device.is_mac:
        status = {"EnrolledViaDEP": False, "UserApprovedEnrollment": True, "IsUserEnrollment": False}
        firewall = {
            "FirewallEnabled": True,
            "BlockAllIncoming": False,
            "StealthMode": False,
            "Applications": [],
        }
        return {
            "SecurityInfo": {"FDE_Enabled": True, "FirewallSettings": firewall, "ManagementStatus": status}
        }
    return {
        "SecurityInfo": {
            "HardwareEncryptionCaps": 3,
            "PasscodePresent": device.has_passcode,
            "PasscodeCompliant": True,
            "PasscodeCompliantWithProfiles": True,
            "ManagementStatus": {"IsUserEnrollment": False},
        }
    }


def applications(_: AppleDevice, command: Mapping[str, Any]) -> Reply:
    app = {
        "Identifier": "org.example.notes",
        "Name": "Notes",
        "ShortVersion": "2.1",
        "Version": "210",
        "BundleSize": 9_000_000,
    }
    wanted = command.get("Items", list(app))
    listed = {key: value for key, value in app.items() if key in wanted or key == "Identifier"}
    return {"InstalledApplicationList": [listed]}


def profiles(device: AppleDevice, _: Mapping[str, Any]) -> Reply:
    kinds = ("com.apple.security.scep", "com.apple.mdm")
    content = [
        {"PayloadType": kind, "PayloadVersion": 1, "PayloadIdentifier": f"example.{kind}"} for kind in kinds
    ]
    names = [device.enrolment_profile, *device.profiles]
    return {
        "ProfileList": [
            {"PayloadUUID": name, "PayloadIdentifier": name, "PayloadDisplayName": name, "IsManaged": True}
            | ({"PayloadContent": content} if name == device.enrolment_profile else {})
            for name in names
        ]
    }


def certificates(device: AppleDevice, _: Mapping[str, Any]) -> Reply:
    return {"CertificateList": [{"CommonName": device.udid, "IsIdentity": True, "Data": device.certificate}]}
