"""What each flag of a session is about."""

from enum import Enum, auto
from typing import assert_never

from evgraph.domain.charging_session import SessionFlag


class _About(Enum):
    REGISTERS = auto()
    OUR_END = auto()
    RUNNING = auto()
    OTHER = auto()


def _about(flag: SessionFlag) -> _About:
    match flag:
        case SessionFlag.METER_RESET | SessionFlag.METER_LEAP:
            return _About.REGISTERS
        case SessionFlag.SUPERSEDED | SessionFlag.ESTIMATED:
            return _About.OUR_END
        case SessionFlag.UNCONFIRMED:
            return _About.RUNNING
        case (
            SessionFlag.CLOCK_REPLACED
            | SessionFlag.METER_GAP
            | SessionFlag.AFTER_CHECKOUT
            | SessionFlag.OTHER_ID_TAG
            | SessionFlag.METER_START_ESTIMATED
            | SessionFlag.AFTER_UNPLUG
        ):
            return _About.OTHER
        case _:
            assert_never(flag)


def _all_about(what: _About) -> frozenset[SessionFlag]:
    return frozenset(flag for flag in SessionFlag if _about(flag) is what)


# What only registers say of a session, and a recount derives anew (M2, M5).
OF_REGISTERS = _all_about(_About.REGISTERS)
# The charger did not report the end of a session with one of these flags: its truth may still come (T5).
CLOSED_BY_US = _all_about(_About.OUR_END)
# It says something only while the session runs (B2).
OF_RUNNING = _all_about(_About.RUNNING)
