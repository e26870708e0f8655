"""What an operator sets up once: garages, charge points, cards, people. Each raises Refusal for what cannot be."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from babel.numbers import list_currencies
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from evgraph.domain.charge_point import Acceptance, ChargePoint
from evgraph.domain.garage import Garage
from evgraph.domain.people import Right, Role, Viewer
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.models import (
    ChargePointRow,
    GarageRow,
    OrganizationRow,
    PersonRoleRow,
    PersonRow,
)
from evgraph.models.database import WRITER
from evgraph.services import finding
from evgraph.services.books import Books
from evgraph.services.cards import NewCard, register_card
from evgraph.services.interfaces import ChargePointGateway
from evgraph.services.keys import hash_key, new_charge_point_key
from evgraph.services.people import People
from evgraph.services.permissions import require
from evgraph.services.placing import DEFAULT_MAX_POWER_W, port_at
from evgraph.services.presence import touch_ports

_IDENTITY = re.compile(r"[A-Za-z0-9*\-_=+|@.]{1,48}")
_SHORTEST_PASSWORD = 8
# OCPP-J 1.6 section 6.2: a key has 16 to 20 bytes; 40 characters when its hex digits are taken as text. Chargers whose
# key is a password of any text take up to 40 characters.
_SHORTEST_KEY, _LONGEST_KEY = 16, 40
_MOST_POWER_KW = Decimal(1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterChargePoint:
    """`max_power_kw`: of one connector. `key`: one that it has already; null makes one."""

    garage_id: int
    identity: str
    connectors: int
    max_power_kw: Decimal | None
    key: str | None
    has_no_key: bool
    acceptance: Acceptance
    configures: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedPerson:
    """`is_new`: the person was not known. `had`: the role that they had before in each of the garages, by its id."""

    is_new: bool
    had: Mapping[int, Role]


class Registration:
    def __init__(self, books: Books, people: People, gateway: ChargePointGateway) -> None:
        self._books = books
        self._people = people
        self._gateway = gateway

    async def add_garage(
        self,
        *,
        organization: str,
        location_id: str,
        name: str,
        time_zone: str = "America/New_York",
        currency: str = "USD",
        locale: str = "en_US",
        free_starts: bool = False,
    ) -> Garage:
        """The organisation is made when it is new."""
        if time_zone not in available_timezones():
            raise Refusal(ErrorCode.INVALID, f"{time_zone} is no IANA time zone, such as America/New_York.")
        if currency not in list_currencies():
            raise Refusal(ErrorCode.INVALID, f"{currency} is no ISO 4217 currency, such as USD.")
        try:
            Locale.parse(locale)
        except (UnknownLocaleError, ValueError) as failure:
            raise Refusal(ErrorCode.INVALID, f"{locale} is no locale, such as en_US.") from failure
        async with in_transaction(WRITER):
            owner, _ = await OrganizationRow.get_or_create(name=organization)
            if await GarageRow.exists(organization_id=owner.id, location_id=location_id):
                raise Refusal(ErrorCode.NAME_TAKEN, f"{organization} has a garage {location_id} already.")
            row = await GarageRow.create(
                organization_id=owner.id,
                location_id=location_id,
                name=name,
                time_zone=time_zone,
                currency=currency,
                locale=locale,
                free_starts=free_starts,
            )
        return row.value()

    async def find_garage(self, location_id: str) -> Garage:
        rows = await GarageRow.filter(location_id=location_id)
        if len(rows) != 1:
            problem = "There is no garage" if not rows else "Several organisations have a garage"
            raise Refusal(ErrorCode.NOT_FOUND, f"{problem} with the location ID {location_id}.")
        return rows[0].value()

    async def add_charge_point(
        self,
        *,
        garage_id: int,
        identity: str,
        connectors: int = 1,
        max_power_w: int = DEFAULT_MAX_POWER_W,
        key: str | None = None,
        open_to_all: bool = False,
        acceptance: Acceptance = Acceptance.ACCEPTED,
        configures: bool = True,
    ) -> tuple[ChargePoint, str | None]:
        """The charge point and its key, which is told this once; `open_to_all` needs no key (security profile 0)."""
        if not _IDENTITY.fullmatch(identity):
            raise Refusal(
                ErrorCode.INVALID,
                "An identity has 1 to 48 letters, digits or any of * - _ = + | @ . (no spaces or colons).",
                ("input", "identity"),
            )
        if key is not None:
            _check_key(key, open_to_all=open_to_all)
        if not 1 <= connectors <= 10:
            raise Refusal(ErrorCode.INVALID, "A charge point has 1 to 10 connectors.", ("input", "connectors"))
        taken = Refusal(ErrorCode.NAME_TAKEN, f"There is a charge point {identity} already.", ("input", "identity"))
        if await ChargePointRow.exists(identity=identity):
            raise taken
        secret = None if open_to_all else new_charge_point_key() if key is None else key
        try:
            async with self._books.change(garage_id) as change:
                row = await ChargePointRow.create(
                    garage_id=garage_id,
                    identity=identity,
                    key_hash=hash_key(secret) if secret else None,
                    acceptance=acceptance,
                    configures=configures,
                )
                for connector_id in range(1, connectors + 1):
                    port = await port_at(change, garage_id, row.id, connector_id)
                    if port.max_power_w != max_power_w:
                        await change.save_port(replace(port, max_power_w=max_power_w))
        except IntegrityError as failure:
            raise taken from failure
        return row.value(), secret

    async def register(self, viewer: Viewer, command: RegisterChargePoint) -> tuple[ChargePoint, str | None]:
        """As `add_charge_point`, by an operator."""
        require(viewer, Right.OPERATE, command.garage_id, "garage", "input", "garageId")
        power_kw = command.max_power_kw
        if power_kw is not None and not 0 < power_kw <= _MOST_POWER_KW:
            raise Refusal(ErrorCode.INVALID, "A connector delivers up to 1000 kW.", ("input", "maxPowerKw"))
        return await self.add_charge_point(
            garage_id=command.garage_id,
            identity=command.identity,
            connectors=command.connectors,
            max_power_w=DEFAULT_MAX_POWER_W if power_kw is None else round(power_kw * 1000),
            key=command.key,
            open_to_all=command.has_no_key,
            acceptance=command.acceptance,
            configures=command.configures,
        )

    async def update(
        self,
        viewer: Viewer,
        charge_point_id: int,
        *,
        configures: bool | None = None,
    ) -> ChargePoint:
        """Null leaves it as it is. Holds from its next boot."""
        charge_point = await finding.charge_point(viewer, Right.OPERATE, charge_point_id)
        if configures is not None:
            async with self._books.change(charge_point.garage_id):
                await ChargePointRow.filter(id=charge_point_id).update(configures=configures)
        return (await ChargePointRow.get(id=charge_point_id)).value()

    async def accept(self, viewer: Viewer, charge_point_id: int, acceptance: Acceptance) -> ChargePoint:
        """B1: what its boots are answered; holds at once on its open connection, over which one that becomes Accepted
        is asked to boot."""
        charge_point = await finding.charge_point(viewer, Right.OPERATE, charge_point_id)
        return await self.set_acceptance(charge_point.identity, acceptance)

    async def set_acceptance(self, identity: str, acceptance: Acceptance) -> ChargePoint:
        """B1: what its boots are answered. Holds at once on a connection that this process has, else from the next."""
        row = await ChargePointRow.get_or_none(identity=identity)
        if row is None:
            raise Refusal(ErrorCode.NOT_FOUND, f"There is no charge point {identity}.")
        if row.acceptance is not acceptance:
            row.acceptance = acceptance
            async with self._books.change(row.garage_id) as change:
                await row.save(update_fields=["acceptance"])
                # B4: a charge point that is not accepted has no open port.
                await touch_ports(change, [row.id])
        self._gateway.accept(identity, acceptance)
        return row.value()

    async def add_card(
        self, *, garage_id: int, id_tag: str, name: str | None = None, expires_at: datetime | None = None
    ) -> None:
        """An idTag that may start chargers of the garage without a ticket (S6)."""
        card = NewCard(garage_id=garage_id, id_tag=id_tag, name=name, expires_at=expires_at)
        await register_card(self._books, card)

    async def add_person(
        self, *, garage_ids: list[int], email: str, name: str, password: str, role: Role
    ) -> AddedPerson:
        """All garages of one organization; who is known already gets the role in these garages too, and keeps their
        name and password."""
        address = email.strip().lower()
        if "@" not in address:
            raise Refusal(ErrorCode.INVALID, f"{email} is no email address.")
        if len(password) < _SHORTEST_PASSWORD:
            raise Refusal(ErrorCode.INVALID, f"A password has at least {_SHORTEST_PASSWORD} characters.")
        garages = await GarageRow.filter(id__in=garage_ids)
        owners = {garage.organization_id for garage in garages}
        if len(owners) != 1:
            raise Refusal(ErrorCode.INVALID, "A person works for the garages of one organisation.")
        password_hash = await self._people.hash_password(password)
        async with in_transaction(WRITER):
            row = await PersonRow.get_or_none(email=address)
            is_new = row is None
            if row is None:
                row = await PersonRow.create(
                    organization_id=owners.pop(), email=address, name=name, password_hash=password_hash
                )
            elif row.organization_id not in owners:
                raise Refusal(ErrorCode.NAME_TAKEN, f"{address} belongs to another organisation.")
            held = await PersonRoleRow.filter(person_id=row.id, garage_id__in=garage_ids)
            for garage_id in garage_ids:
                await PersonRoleRow.update_or_create(defaults={"role": role}, person_id=row.id, garage_id=garage_id)
        return AddedPerson(is_new=is_new, had={one.garage_id: one.role for one in held})


def _check_key(key: str, *, open_to_all: bool) -> None:
    """Raises Refusal INVALID for a key that no charge point can have."""
    field = ("input", "key")
    if open_to_all:
        raise Refusal(ErrorCode.INVALID, "It has a key or none.", field)
    if not _SHORTEST_KEY <= len(key.encode()) <= _LONGEST_KEY:
        raise Refusal(
            ErrorCode.INVALID,
            f"A key has {_SHORTEST_KEY} to {_LONGEST_KEY} characters: 16 to 20 bytes as hex digits, or plain text.",
            field,
        )
    if not key.isprintable() or key != key.strip():
        raise Refusal(ErrorCode.INVALID, "A key has no line breaks, and no spaces around it.", field)
