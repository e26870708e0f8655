"""The messages that a charge point sends, built on the library's classes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evgraph.simulator.connector import Connector, StatusReport
from evgraph.simulator.library import call, datatypes, enums
from evgraph.simulator.simulated_time import stamp
from evgraph.simulator.transaction import Transaction

VOLTAGE = 240


@dataclass(frozen=True)
class Plate:
    """What is written on the charge point."""

    serial_number: str
    vendor: str = "Phihong Technology"
    model: str = "AX48"
    firmware: str = "2.3.6"


def boot_notification(plate: Plate) -> Any:
    return call.BootNotification(
        charge_point_vendor=plate.vendor,
        charge_point_model=plate.model,
        charge_point_serial_number=plate.serial_number,
        charge_box_serial_number=plate.serial_number,
        firmware_version=plate.firmware,
        # A Phihong sends these two empty, and this in place of a number.
        iccid="",
        imsi="",
        meter_type="AC",
        meter_serial_number="N/A",
    )


def status_notification(report: StatusReport, at: datetime) -> Any:
    return call.StatusNotification(
        connector_id=report.connector_id,
        error_code=report.error_code,
        status=report.status,
        timestamp=stamp(at),
        info=report.info,
    )


def start_transaction(transaction: Transaction) -> Any:
    return call.StartTransaction(
        connector_id=transaction.connector_id,
        id_tag=transaction.id_tag,
        meter_start=transaction.meter_start,
        timestamp=stamp(transaction.started_at),
        reservation_id=transaction.reservation_id,
    )


def meter_values(connector_id: int, reading: Any, transaction_id: int | None) -> Any:
    return call.MeterValues(connector_id=connector_id, meter_value=[reading], transaction_id=transaction_id)


def stop_transaction(transaction: Transaction) -> Any:
    """For an ended transaction."""
    if transaction.meter_stop is None or transaction.ended_at is None:
        raise ValueError("A running transaction has no StopTransaction yet.")
    return call.StopTransaction(
        transaction_id=transaction.transaction_id if transaction.transaction_id is not None else -1,
        id_tag=transaction.id_tag,
        meter_stop=transaction.meter_stop,
        timestamp=stamp(transaction.ended_at),
        reason=transaction.reason,
        transaction_data=transaction.readings or None,
    )


def reading(connector: Connector, at: datetime, measurands: list[str], context: str) -> Any:
    """One MeterValue of a connector: the register in Wh, the power in W."""
    power_w = connector.power_w
    measured = {
        enums.Measurand.energy_active_import_register: (connector.meter.register_wh, "Wh"),
        enums.Measurand.power_active_import: (round(power_w), "W"),
        enums.Measurand.current_import: (round(power_w / VOLTAGE, 1), "A"),
        enums.Measurand.voltage: (VOLTAGE, "V"),
    }
    return datatypes.MeterValue(
        timestamp=stamp(at),
        sampled_value=[
            datatypes.SampledValue(
                value=str(measured[measurand][0]),
                context=context,
                measurand=measurand,
                location=enums.Location.outlet,
                unit=measured[measurand][1],
            )
            for measurand in measurands
        ],
    )
