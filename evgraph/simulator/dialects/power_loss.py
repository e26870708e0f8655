"""What a firmware does with a transaction that was running when the power went."""

from __future__ import annotations

from evgraph.simulator.dialects.dialect import Dialect
from evgraph.simulator.moves import AfterPowerLoss


class Resume(Dialect):
    name = "resume"
    summary = "After a power cut it boots, and the same transaction goes on."
    after_power_loss = AfterPowerLoss.RESUME
    statuses_go_first = True


class PowerLossStop(Dialect):
    name = "power-loss-stop"
    summary = "After a power cut it boots, tells its statuses, then sends StopTransaction with reason PowerLoss."
    after_power_loss = AfterPowerLoss.STOP
    statuses_go_first = True


class Forgets(Dialect):
    name = "forgets"
    summary = "After a power cut it boots, and never says a word of the transaction again."
    after_power_loss = AfterPowerLoss.FORGET
