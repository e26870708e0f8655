"""Messages that a charge point can be asked to send at once (OCPP 1.6 section 7.24, security extension section 5.4)."""

from enum import StrEnum


class MessageTrigger(StrEnum):
    BOOT_NOTIFICATION = "BootNotification"
    DIAGNOSTICS_STATUS_NOTIFICATION = "DiagnosticsStatusNotification"
    FIRMWARE_STATUS_NOTIFICATION = "FirmwareStatusNotification"
    HEARTBEAT = "Heartbeat"
    METER_VALUES = "MeterValues"
    STATUS_NOTIFICATION = "StatusNotification"
    LOG_STATUS_NOTIFICATION = "LogStatusNotification"
    SIGN_CHARGE_POINT_CERTIFICATE = "SignChargePointCertificate"

    @property
    def is_of_the_security_extension(self) -> bool:
        """Known to ExtendedTriggerMessage alone."""
        return self in (MessageTrigger.LOG_STATUS_NOTIFICATION, MessageTrigger.SIGN_CHARGE_POINT_CERTIFICATE)
