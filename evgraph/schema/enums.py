"""The domain's enums as GraphQL shows them: by the names of their members."""

from enum import Enum
from typing import Any

import strawberry

from evgraph.domain.asks import ResetKind
from evgraph.domain.billing import LineItemUnit
from evgraph.domain.cards import CardStatus
from evgraph.domain.charge_point import (
    Acceptance,
    CertificateState,
    FrameDirection,
    FrameKind,
    JobKind,
    ReservationState,
)
from evgraph.domain.charging_profile import (
    ChargingProfileKind,
    ChargingProfilePurpose,
    ChargingRateUnit,
    RecurrencyKind,
)
from evgraph.domain.charging_request import RequestStatus
from evgraph.domain.charging_session import SessionFlag, SessionStatus, StopReason
from evgraph.domain.checkup import Verdict
from evgraph.domain.jobs import LogKind
from evgraph.domain.people import Role
from evgraph.domain.port import PortStatus
from evgraph.domain.rate import RateKind
from evgraph.domain.refusals import ErrorCode
from evgraph.domain.security import CertificateUse, HashAlgorithm, KeyHandover
from evgraph.domain.stay import Channel, CheckOutWarningCode, StayKind, StayStatus
from evgraph.domain.triggers import MessageTrigger

__all__ = [
    "Acceptance",
    "CardStatus",
    "CertificateState",
    "CertificateUse",
    "Channel",
    "ChargingProfileKind",
    "ChargingProfilePurpose",
    "ChargingRateUnit",
    "CheckOutWarningCode",
    "ErrorCode",
    "FrameDirection",
    "FrameKind",
    "HashAlgorithm",
    "JobKind",
    "KeyHandover",
    "LineItemUnit",
    "LogKind",
    "MessageTrigger",
    "PortStatus",
    "RateKind",
    "RecurrencyKind",
    "RequestStatus",
    "ReservationState",
    "ResetKind",
    "Role",
    "SessionFlag",
    "SessionStatus",
    "StayKind",
    "StayStatus",
    "StopReason",
    "Verdict",
]


def _show(enum: type[Enum], description: str | None = None, **members: str) -> None:
    """`members`: what a member means, by its name."""
    shown: Any = strawberry.enum(enum, description=description)
    for value in shown.__strawberry_definition__.values:
        value.description = members.pop(value.name, None)
    if members:
        raise KeyError(f"{enum.__name__} has no {', '.join(members)}")


_show(
    PortStatus,
    OFFLINE="The charge point's connection is lost; what it last reported stands in lastReportedStatus.",
)
_show(StayKind, TRANSIENT="Daily at the POS, Transient at the handheld.")
_show(StayStatus)
_show(
    CheckOutWarningCode,
    "What the attendant should know about a check-out that succeeded.",
    CHARGES_PENDING="The charger has not reported the end of a session. The session was billed at its last reading and "
    "may be corrected later: see Stay.hasPendingCharges.",
)
_show(
    Acceptance,
    "What a charge point's boots are answered (OCPP 1.6, RegistrationStatus).",
    PENDING="Not yet: only its boots are answered.",
    REJECTED="No: only its boots are answered.",
)
_show(
    KeyHandover,
    "How a charge point came by its new key.",
    TAKEN="It said that it took it.",
    REBOOT_REQUIRED="It takes it when it restarts: reset it.",
    UNANSWERED="No answer came: it has taken it, or it has not.",
    BY_HAND="It was not sent: a technician enters it.",
)
_show(
    Verdict,
    OK="As it should be.",
    WARN="It works, and something is lost or uncertain.",
    FAIL="Sessions, bills or commands suffer.",
)
_show(Channel, "Where something was entered.")
_show(LineItemUnit)
_show(RequestStatus, STARTING="startCharging was accepted by the charger; the vehicle is not drawing yet.")
_show(SessionStatus, FAILED="Never began: rejected, timed out or cancelled; nothing is charged for it.")
_show(StopReason)
_show(
    ResetKind,
    HARD="At once, also when something hangs.",
    SOFT="After the sessions that run were ended, and told of.",
)
_show(
    MessageTrigger,
    LOG_STATUS_NOTIFICATION="Of the security extension.",
    SIGN_CHARGE_POINT_CERTIFICATE="Of the security extension: it asks for a new certificate.",
)
_show(
    ReservationState,
    USED="A session began with its idTag.",
)
_show(
    ChargingProfilePurpose,
    CHARGE_POINT_MAX_PROFILE="What the whole charge point may draw.",
    TX_DEFAULT_PROFILE="What a session may draw that has no profile of its own.",
    TX_PROFILE="What one session may draw.",
)
_show(
    ChargingProfileKind,
    RELATIVE="From the start of the session.",
)
_show(RecurrencyKind)
_show(JobKind)
_show(LogKind)
_show(
    CertificateState,
    SENT="Signed; the charge point has not said yet that it took it.",
    ACCEPTED="The charge point took it, or connected with it.",
)
_show(
    CertificateUse,
    CENTRAL_SYSTEM_ROOT="What it verifies this server by, and the certificates that it is given.",
    MANUFACTURER_ROOT="What it verifies signed firmware by.",
)
_show(HashAlgorithm)
_show(
    ChargingRateUnit,
    A="Amperes per phase.",
    W="Watts over all phases.",
)
_show(
    SessionFlag,
    "What an operator should know about a session's figures.",
    CLOCK_REPLACED="The charger's clock could not be believed; the time of receipt stands in.",
    METER_RESET="The energy register fell (reset or swapped meter); energy was carried over.",
    METER_GAP="meterStart is not the port's last meterStop.",
    METER_LEAP="A reading leapt beyond what the port can deliver and was not believed.",
    UNCONFIRMED="The charger rebooted or fell silent; whether the session still runs is not known.",
    ESTIMATED="Closed by us with the last reading; the charger never reported the end.",
    SUPERSEDED="Ended because another transaction began on its port.",
    AFTER_CHECKOUT="Billed or corrected after its ticket was checked out.",
    OTHER_ID_TAG="The charger started it with an idTag of its own instead of the one it was sent.",
    METER_START_ESTIMATED="The meter reading at the start could not be read; the first reading after it stands in.",
    AFTER_UNPLUG="Another vehicle charged under this transaction after the first one left; its energy is kept apart.",
)
_show(CardStatus)
_show(FrameDirection, "As seen from here.")
_show(FrameKind, UNREADABLE="What is no frame at all.")
_show(
    RateKind,
    FLAT_FEE="Once a session, whatever it delivers.",
    PER_MINUTE="Each minute between the session's start and its end.",
)
_show(
    Role,
    DISPLAY="Reads the board of its garages: a wall display.",
    ATTENDANT="Works the queue.",
    POS="Checks vehicles in and out: a third-party point of sale.",
    OPERATOR="Sets rates, names ports, registers charge points.",
    ADMIN="Everything within the operator's organisation, people and keys included.",
)
_show(
    ErrorCode,
    STAY_CLOSED="The ticket is checked out: every session belongs to an open ticket.",
    REQUEST_EXISTS="The stay already has a request on the board.",
    REQUEST_NOT_WAITING="The request is not in a state that allows this.",
    PORT_NOT_OPEN="The port is offline, faulted or unavailable.",
    PORT_IN_USE="Something else is starting or running on the port.",
    CHARGER_REJECTED="The charger answered, and said no.",
    CHARGER_TIMEOUT="The charger did not answer in time.",
    CHARGER_BUSY="Nothing was sent: the charger did not answer earlier commands in time, or it is not accepted.",
    STILL_CHARGING="Still charging: unplug or stop first.",
    SESSION_NOT_ACTIVE="The session is not running.",
    SESSION_ASSIGNED="The session is on another ticket: reassign it instead.",
    ALREADY_RESOLVED="The quarantined message was resolved before.",
    IDEMPOTENCY_CONFLICT="The same idempotencyKey came with another input.",
)
