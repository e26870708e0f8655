"""Simulated Phihong AX48 charge points and the cars that plug into them.

Each one is a real WebSocket client, so it works against any OCPP 1.6 JSON server. Nothing here
imports the rest of evgraph.
"""

from evgraph.simulator.car import MODELS, Car, CarModel
from evgraph.simulator.charge_point import SimulatedChargePoint
from evgraph.simulator.dialects import DIALECTS, Dialect, UnknownDialect
from evgraph.simulator.fleet import Fleet
from evgraph.simulator.link import BackOff
from evgraph.simulator.moves import AfterPowerLoss, UnknownConnector, WrongMove
from evgraph.simulator.transaction import Transaction

__all__ = [
    "DIALECTS",
    "MODELS",
    "AfterPowerLoss",
    "BackOff",
    "Car",
    "CarModel",
    "Dialect",
    "Fleet",
    "SimulatedChargePoint",
    "Transaction",
    "UnknownConnector",
    "UnknownDialect",
    "WrongMove",
]
