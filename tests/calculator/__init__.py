"""A second bill calculator: from a charge point's frames to start, end, Wh, minutes, and cents.

It is derived from the numbered rules and from OCPP 1.6, and imports nothing from the product. The product decides frame
by frame; this one collects all frames of a record, sorts them, and decides once at the end.
"""

from .bills import calculate
from .record import (
    Bill,
    Bills,
    CheckOut,
    Connected,
    Frame,
    Rate,
    Record,
    Request,
    StopAsked,
)

__all__ = [
    "Bill",
    "Bills",
    "CheckOut",
    "Connected",
    "Frame",
    "Rate",
    "Record",
    "Request",
    "StopAsked",
    "calculate",
]
