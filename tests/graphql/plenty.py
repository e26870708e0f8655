"""Garages with so much of everything that the schema lists."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from evgraph.domain.charge_point import CertificateState, JobKind, ReservationState
from evgraph.domain.charging_profile import ChargingRateUnit
from evgraph.domain.people import Role
from evgraph.domain.port import PortStatus
from evgraph.domain.transactions import TransactionStart
from evgraph.models import (
    CardRow,
    CertificateRow,
    ChargePointJobRow,
    ChargePointRow,
    ChargingProfileRow,
    ConfigurationKeyRow,
    ReservationRow,
    SecurityEventRow,
    SessionRow,
)
from evgraph.schema.global_ids import encode
from evgraph.services.charge_points import NotAdmitted
from tests.graphql.conftest import PASSWORD, Api, Garage, World
from tests.graphql.test_operating_lists import log_frames

OWNER = "Plenty Parking"


class Plenty:
    """Grows: each time by a garage, and by one more of everything in each garage."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._garages: list[int] = []
        self._number = 0
        self.api: Api = world.nobody()

    @property
    def garage_id(self) -> str:
        return encode("Garage", self._garages[0])

    async def grow(self) -> None:
        registration = self._world.house.registration
        made = await registration.add_garage(
            organization=OWNER, location_id=f"P-{len(self._garages)}", name=f"Garage {len(self._garages)}"
        )
        self._garages.append(made.id)
        await registration.add_person(
            garage_ids=[made.id], email="plenty@example.com", name="Olivia", password=PASSWORD, role=Role.OPERATOR
        )
        signed_in = await self._world.house.people.sign_in("plenty@example.com", PASSWORD, remote="test")
        self.api.token = signed_in.token
        for garage_id in self._garages:
            # The one that is new has as much as the others.
            for _ in range(len(self._garages) if garage_id == made.id else 1):
                self._number += 1
                await self._one_of_each(garage_id, self._number)

    async def _one_of_each(self, garage_id: int, number: int) -> None:
        world = self._world
        await self.api.do(
            "setRate", "rate { id }", garageId=encode("Garage", garage_id), kind="PER_KWH", amountCents=str(number)
        )
        garage = await self._charge_point(garage_id, f"AX48-P{number}")
        await self._sessions(garage, number)
        await self._around(garage, number)
        await log_frames(world, 1, garage=garage)
        # Readings of a connector where nothing runs are kept in quarantine.
        await garage.meter(0, 5, connector=9)
        connections = world.house.connections
        await connections.opened(garage.charge_point_key, remote="10.0.0.7", subprotocol=None, security_profile=0)
        with suppress(NotAdmitted):
            await world.house.charge_points.admit(f"AX48-P{number}", user=None, password=b"wrong", remote="10.0.0.7")

    async def _charge_point(self, garage_id: int, identity: str) -> Garage:
        world = self._world
        await world.house.registration.add_charge_point(garage_id=garage_id, identity=identity, connectors=3)
        key = (await ChargePointRow.get(identity=identity)).id
        await world.house.charge_points.connected(key)
        board = await world.house.boards.read(garage_id)
        ports = [view.port.id for view in board.ports if view.port.charge_point_id == key]
        garage = Garage(
            key=garage_id, house=world.house, clock=world.clock, charge_point_key=key, port_keys=sorted(ports)
        )
        for connector in (1, 2, 3):
            await garage.report(PortStatus.AVAILABLE, connector)
        return garage

    async def _sessions(self, garage: Garage, number: int) -> None:
        """One that has charged, one that charges, one that waits; one that a charger began, and went from ticket to
        ticket; one that nobody took."""
        charged, charges, _ = [
            await self._world.check_in(self.api, f"CAR {number}{letter}", garageId=garage.id) for letter in "ABC"
        ]
        transaction = await garage.begin(await self._start(charged, garage.ports[0]))
        for reading in (1, 2, 3):
            self._world.clock.turn(minutes=1)
            await garage.meter(transaction, 1000 + reading * 100)
        await garage.end(transaction, 1400)
        await garage.begin(await self._start(charges, garage.ports[1]), connector=2)
        for tickets in (2, 0):
            session_id = await self._began_alone(garage)
            for ticket in range(tickets):
                stay = await self._world.check_in(self.api, f"MOVED {number}{ticket}", garageId=garage.id)
                move, given = ("reassignSession", {}) if ticket else ("assignSession", {})
                payload = await self.api.do(
                    move, "session { id }", sessionId=session_id, stayId=stay["stay"]["id"], **given
                )
                assert payload["errors"] == []

    async def _start(self, checked_in: dict[str, Any], port_id: str) -> str:
        request_id = checked_in["request"]["id"]
        payload = await self.api.do("startCharging", "session { id }", requestId=request_id, portId=port_id)
        assert payload["errors"] == []
        return str(payload["session"]["id"])

    async def _began_alone(self, garage: Garage) -> str:
        self._world.clock.turn(seconds=7)
        now = self._world.clock.now()
        answer = await garage.house.transactions.transaction_started(
            garage.charge_point_key,
            TransactionStart(
                connector_id=3,
                id_tag="STAFF-7",
                meter_start_wh=500 + now.second,
                at=now,
                reported_at=now.isoformat(),
                clock_replaced=True,
            ),
        )
        row = await SessionRow.get(id=answer.transaction_id)
        await garage.end(row.id, row.meter_start_wh + 100)
        return encode("ChargingSession", row.id)

    async def _around(self, garage: Garage, number: int) -> None:
        """What operators see of a charge point."""
        now, charge_point_id = self._world.clock.now(), garage.charge_point_key
        session = await SessionRow.filter(charge_point_id=charge_point_id).order_by("-id").first()
        assert session is not None
        for one in (1, 2):
            await CardRow.create(garage_id=garage.key, id_tag=f"CARD-{number}-{one}")
            await ChargePointJobRow.create(
                charge_point_id=charge_point_id,
                kind=JobKind.LOG,
                status="Idle",
                location="",
                asked_at=now,
                updated_at=now,
            )
            await CertificateRow.create(
                charge_point_id=charge_point_id,
                serial=f"{number:x}{one}",
                state=CertificateState.SENT,
                pem="",
                not_before=now,
                not_after=now + timedelta(days=1),
                signed_at=now,
            )
            await SecurityEventRow.create(charge_point_id=charge_point_id, kind=f"Event {one}", at=now, received_at=now)
            await ReservationRow.create(
                charge_point_id=charge_point_id,
                connector_id=one,
                id_tag="STAFF-7",
                state=ReservationState.ACTIVE,
                expires_at=now + timedelta(days=1),
                made_at=now,
            )
            await ConfigurationKeyRow.create(charge_point_id=charge_point_id, key=f"Key{one}", value="1", read_at=now)
            await ChargingProfileRow.create(
                charge_point_id=charge_point_id,
                connector_id=one,
                profile_id=one,
                stack_level=one,
                purpose="TxDefaultProfile",
                profile=_profile(one),
                set_at=now,
            )


def _profile(number: int) -> dict[str, Any]:
    """As it is sent (OCPP 1.6 section 7.8)."""
    return {
        "chargingProfileId": number,
        "stackLevel": number,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": ChargingRateUnit.A.value,
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 32}],
        },
    }
