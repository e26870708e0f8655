"""Every way into the graph, walked by nobody, by a stranger and by a wall display."""

import pytest

from evgraph.domain.asks import ReserveNow
from evgraph.domain.charge_point import CertificateState
from evgraph.domain.people import Role
from evgraph.graph import schema
from evgraph.models import CertificateRow, QuarantinedMessageRow
from evgraph.schema.global_ids import encode
from evgraph.services.charge_points import NotAdmitted

# By root field: its arguments, over the ids of a garage in use, and what to select of it.
QUERIES = {
    "viewer": ("", "name"),
    "node": ("(id: $stay)", "id"),
    "nodes": ("(ids: [$garage, $port, $chargePoint, $rate, $stay, $request, $session, $lineItem])", "id"),
    "garages": ("", "edges { node { id } }"),
    "garage": ("(id: $garage)", "name"),
    "stay": ("(id: $stay)", "ticketNumber"),
    "session": ("(id: $session)", "energyWh"),
    "chargePoint": ('(identity: "AX48-NYC-034")', "vendor"),
    "refusedConnections": ("", "edges { node { identity } }"),
}
MUTATIONS = {
    "signIn": ('{email: "nobody@example.com", password: "wrong password"}', "viewer { name }"),
    "signOut": (None, ""),
    "checkIn": ('{garageId: $garage, kind: TRANSIENT, vehicle: {licensePlate: "X"}}', "stay { id }"),
    "updateStay": ('{stayId: $stay, chargingNote: "seen"}', "stay { id }"),
    "checkOut": ("{stayId: $stay}", "stay { id }"),
    "makeRequest": ("{stayId: $stay}", "request { id }"),
    "cancelRequest": ("{requestId: $request}", "request { id }"),
    "startCharging": ("{requestId: $request, portId: $port}", "session { id }"),
    "stopCharging": ("{sessionId: $session}", "session { id }"),
    "assignSession": ("{sessionId: $session, stayId: $stay}", "session { id }"),
    "reassignSession": ("{sessionId: $session, stayId: $stay}", "session { id }"),
    "resolveQuarantined": ('{id: $quarantined, resolution: "seen"}', "quarantinedMessage { id }"),
    "addCard": ('{garageId: $garage, idTag: "MINE"}', "card { id }"),
    "updateCard": ("{cardId: $card, isBlocked: true}", "card { id }"),
    "removeCard": ("{cardId: $card}", "removedCardId"),
    "sendLocalList": ("{chargePointId: $chargePoint}", "version"),
    "renamePort": ('{portId: $port, name: "Mine"}', "port { id }"),
    "setRate": ('{garageId: $garage, kind: PER_KWH, amountCents: "1"}', "rate { id }"),
    "registerChargePoint": ('{garageId: $garage, identity: "AX48-99"}', "key"),
    "updateChargePoint": ("{chargePointId: $chargePoint, isKeptConfigured: false}", "chargePoint { id }"),
    "setChargePointAcceptance": ("{chargePointId: $chargePoint, acceptance: ACCEPTED}", "chargePoint { id }"),
    "rotateChargePointKey": ("{chargePointId: $chargePoint}", "key"),
    "getConfiguration": ("{chargePointId: $chargePoint}", "configuration { key }"),
    "setConfiguration": ('{chargePointId: $chargePoint, key: "HeartbeatInterval", value: "300"}', "status"),
    "checkChargePoint": ("{chargePointId: $chargePoint}", "report { verdict }"),
    "resetChargePoint": ("{chargePointId: $chargePoint, kind: SOFT}", "chargePoint { id }"),
    "unlockConnector": ("{portId: $port}", "port { id }"),
    "triggerMessage": ("{chargePointId: $chargePoint, message: HEARTBEAT}", "chargePoint { id }"),
    "clearCache": ("{chargePointId: $chargePoint}", "chargePoint { id }"),
    "dataTransfer": ('{chargePointId: $chargePoint, vendorId: "com.phihong"}', "status"),
    "callChargePoint": ('{chargePointId: $chargePoint, action: "ClearCache"}', "result"),
    "changeAvailability": ("{portId: $port, available: false}", "ports { id }"),
    "reserveNow": ('{portId: $port, idTag: "CARD", expiresAt: "2026-11-23T00:00:00Z"}', "reservation { id }"),
    "cancelReservation": ("{reservationId: $reservation}", "reservation { id }"),
    "setChargingProfile": (
        "{chargePointId: $chargePoint, purpose: TX_DEFAULT_PROFILE, kind: RELATIVE, unit: A, "
        'periods: [{startSeconds: 0, limit: "16"}]}',
        "profile { profileId }",
    ),
    "clearChargingProfile": ("{chargePointId: $chargePoint}", "chargePoint { id }"),
    "getCompositeSchedule": ("{chargePointId: $chargePoint, connectorId: 1, durationSeconds: 60}", "schedule { unit }"),
    "updateFirmware": ('{chargePointId: $chargePoint, location: "https://a.test/f.bin"}', "job { id }"),
    "signedUpdateFirmware": (
        '{chargePointId: $chargePoint, location: "https://a.test/f.bin", signingCertificate: "PEM", signature: "x"}',
        "job { id }",
    ),
    "getDiagnostics": ('{chargePointId: $chargePoint, location: "ftp://a.test/"}', "job { id }"),
    "getLog": ('{chargePointId: $chargePoint, kind: SECURITY, location: "ftp://a.test/"}', "job { id }"),
    "installCertificate": ("{chargePointId: $chargePoint, use: CENTRAL_SYSTEM_ROOT}", "chargePoint { id }"),
    "deleteCertificate": (
        '{chargePointId: $chargePoint, certificate: {algorithm: SHA256, issuerNameHash: "a", issuerKeyHash: "b", '
        'serialNumber: "1"}}',
        "chargePoint { id }",
    ),
    "getInstalledCertificateIds": (
        "{chargePointId: $chargePoint, use: MANUFACTURER_ROOT}",
        "certificates { algorithm }",
    ),
    "extendedTriggerMessage": ("{chargePointId: $chargePoint, message: HEARTBEAT}", "chargePoint { id }"),
    "requestChargePointCertificate": ("{chargePointId: $chargePoint}", "chargePoint { id }"),
    "revokeCertificate": ("{certificateId: $certificate}", "certificate { id }"),
    "setChargePointSecurityProfile": ("{chargePointId: $chargePoint, profile: 1}", "chargePoint { id }"),
}
SUBSCRIPTIONS = {
    "boardUpdated": ("(garageId: $garage)", "revision"),
    "energyUpdated": ("(garageId: $garage)", "energyWh"),
    "sessionUpdated": ("(sessionId: $session)", "status"),
    "lineItemAdded": ("(garageId: $garage)", "description"),
    "frameLogged": ("(chargePointId: $chargePoint)", "frame"),
    "quarantineAdded": ("(garageId: $garage)", "frame"),
    "chargePointJobUpdated": ("(chargePointId: $chargePoint)", "status"),
}
OPEN_TO_ANYONE = {"viewer", "signIn", "signOut"}
_IDS = (
    "garage",
    "port",
    "chargePoint",
    "rate",
    "stay",
    "request",
    "session",
    "lineItem",
    "certificate",
    "reservation",
    "card",
    "quarantined",
)


def _document(kind: str, name: str) -> str:
    if kind == "mutation":
        given, selected = MUTATIONS[name]
        arguments = f"(input: {given})" if given else ""
        selected += " errors { code }"
    else:
        arguments, selected = (QUERIES if kind == "query" else SUBSCRIPTIONS)[name]
    used = [id_ for id_ in _IDS if f"${id_}" in arguments.replace(")", " ").replace("]", " ")]
    declared = f"({', '.join(f'${id_}: ID!' for id_ in used)})" if used else ""
    return f"{kind} {declared} {{ {name} {arguments} {{ {selected} }} }}"


@pytest.fixture
async def ids(world) -> dict[str, str]:
    """A garage in use: one of everything."""
    operator = await world.sign_in(Role.OPERATOR)
    rate = await operator.do("setRate", "rate { id }", garageId=world.garage.id, kind="PER_KWH", amountCents="25")
    charged = await world.charge(operator)
    data = await operator.data("query($id: ID!) { stay(id: $id) { lineItems { id } } }", id=charged["stay"]["id"])
    card = await operator.do("addCard", "card { id }", garageId=world.garage.id, idTag="STAFF-7")
    await world.garage.meter(4711, 5)
    for identity in ("AX48-NYC-034", "NOBODYS-9"):
        with pytest.raises(NotAdmitted):
            await world.house.charge_points.admit(identity, user=None, password=None, remote="10.0.0.7")
    world.chargers.answers[ReserveNow] = "Accepted"
    reserved = await operator.do(
        "reserveNow",
        "reservation { id }",
        portId=world.garage.ports[1],
        idTag="CARD",
        expiresAt="2026-11-23T00:00:00Z",
    )
    return {
        "garage": world.garage.id,
        "port": world.garage.ports[0],
        "chargePoint": encode("ChargePoint", world.garage.charge_point_key),
        "rate": rate["rate"]["id"],
        "stay": charged["stay"]["id"],
        "request": charged["request"]["id"],
        "session": charged["session"]["id"],
        "lineItem": data["stay"]["lineItems"][0]["id"],
        "certificate": encode("ChargePointCertificate", await _certificate(world)),
        "reservation": reserved["reservation"]["id"],
        "card": card["card"]["id"],
        "quarantined": encode("QuarantinedMessage", (await QuarantinedMessageRow.get()).id),
    }


async def _certificate(world) -> int:
    row = await CertificateRow.create(
        charge_point_id=world.garage.charge_point_key,
        serial="1f",
        state=CertificateState.SENT,
        pem="PEM",
        not_before=world.clock.now(),
        not_after=world.clock.now(),
        signed_at=world.clock.now(),
    )
    return row.id


async def _ask(api, document: str, ids: dict[str, str]):
    return await api.ask(document, **{name: id_ for name, id_ in ids.items() if f"${name}:" in document})


async def _first_event(world, api, document: str, ids: dict[str, str]):
    """By the schema itself: what is refused is refused before there is a stream."""
    from starlette.requests import Request
    from starlette.responses import Response

    headers = [(b"authorization", f"Bearer {api.token}".encode())] if api.token else []
    request = Request({"type": "http", "headers": headers, "method": "POST", "path": "/", "scheme": "http"})
    context = await world.graph.get_context(request, Response())
    variables = {name: id_ for name, id_ in ids.items() if f"${name}:" in document}
    stream = await schema.stream(document, variable_values=variables, context_value=context)
    try:
        return await anext(stream)
    finally:
        await stream.aclose()


def _codes(errors):
    return {(error.extensions if hasattr(error, "extensions") else error["extensions"])["code"] for error in errors}


def test_every_root_field_is_walked():
    roots = schema._schema
    assert set(QUERIES) == set(roots.query_type.fields)
    assert set(MUTATIONS) == set(roots.mutation_type.fields)
    assert set(SUBSCRIPTIONS) == set(roots.subscription_type.fields)


async def test_nobody_gets_past_the_door(world, ids):
    for kind, names in (("query", QUERIES), ("mutation", MUTATIONS)):
        for name in names:
            answer = await _ask(world.nobody(), _document(kind, name), ids)
            if name in OPEN_TO_ANYONE:
                assert "errors" not in answer, answer
                continue
            assert _codes(answer["errors"]) == {"UNAUTHENTICATED"}, (name, answer)
            assert not (answer["data"] or {}).get(name)
    for name in SUBSCRIPTIONS:
        result = await _first_event(world, world.nobody(), _document("subscription", name), ids)
        assert _codes(result.errors) == {"UNAUTHENTICATED"}, name
        assert not result.data


async def test_a_garage_does_not_exist_for_a_stranger(world, ids):
    stranger = await world.sign_in(Role.ADMIN, world.elsewhere)
    for name in sorted(set(QUERIES) - {"viewer"}):
        answer = await _ask(stranger, _document("query", name), ids)
        assert "errors" not in answer, answer
        found = answer["data"][name]
        if name == "garages":
            assert found["edges"] == [{"node": {"id": world.elsewhere.id}}]
        elif name == "nodes":
            assert found == [None] * 8
        elif name == "refusedConnections":
            assert [edge["node"]["identity"] for edge in found["edges"]] == ["NOBODYS-9"]
        else:
            assert found is None, name
    for name in sorted(set(MUTATIONS) - OPEN_TO_ANYONE):
        answer = await _ask(stranger, _document("mutation", name), ids)
        assert "errors" not in answer, answer
        payload = answer["data"][name]
        assert [error["code"] for error in payload.pop("errors")] == ["NOT_FOUND"], name
        assert set(payload.values()) == {None}
    for name in SUBSCRIPTIONS:
        result = await _first_event(world, stranger, _document("subscription", name), ids)
        assert _codes(result.errors) == {"BAD_USER_INPUT"}, name
        assert "There is no such" in result.errors[0].message


async def test_an_id_that_never_was_is_answered_like_a_strangers(world, ids):
    operator = await world.sign_in(Role.ADMIN)
    nowhere = {name: encode(name[0].upper() + name[1:], 4711) for name in ids}
    nowhere |= {"request": encode("ChargingRequest", 4711), "session": encode("ChargingSession", 4711)}
    crossed = {name: ids["port"] if name != "port" else ids["garage"] for name in ids}
    for wrong in (nowhere, crossed, dict.fromkeys(ids, "seven")):
        for name in ("garage", "stay", "session"):
            assert (await operator.data(_document("query", name), **_used(_document("query", name), wrong)))[
                name
            ] is None
        for name in sorted(set(MUTATIONS) - OPEN_TO_ANYONE):
            answer = await _ask(operator, _document("mutation", name), wrong)
            assert [error["code"] for error in answer["data"][name]["errors"]] == ["NOT_FOUND"], (name, wrong)
        for name in SUBSCRIPTIONS:
            result = await _first_event(world, operator, _document("subscription", name), wrong)
            assert _codes(result.errors) == {"BAD_USER_INPUT"}, (name, wrong)


def _used(document, ids):
    return {name: id_ for name, id_ in ids.items() if f"${name}:" in document}


async def test_a_display_reads_the_board_and_changes_nothing(world, ids):
    display = await world.sign_in(Role.DISPLAY)
    for name in sorted(set(MUTATIONS) - OPEN_TO_ANYONE):
        answer = await _ask(display, _document("mutation", name), ids)
        assert _codes(answer["errors"]) == {"FORBIDDEN"}, (name, answer)
    for name in ("boardUpdated", "energyUpdated"):
        document = _document("subscription", name)
        if name == "boardUpdated":
            assert not (await _first_event(world, display, document, ids)).errors
    for name in ("sessionUpdated", "lineItemAdded", "frameLogged", "quarantineAdded"):
        result = await _first_event(world, display, _document("subscription", name), ids)
        assert _codes(result.errors) == {"FORBIDDEN"}, name
    for name in ("node", "stay", "session", "refusedConnections"):
        assert _codes((await _ask(display, _document("query", name), ids))["errors"]) == {"FORBIDDEN"}
    answer = await _ask(display, _document("query", "nodes"), ids)
    assert [node is not None for node in answer["data"]["nodes"]] == [True] * 4 + [False] * 4
    assert len(answer["errors"]) == 4
    assert _codes(answer["errors"]) == {"FORBIDDEN"}


@pytest.mark.parametrize(
    ("selected", "is_shown"),
    [
        ("name locationId rate { label }", True),
        ("ports { name isOpen activeSession { id } chargePoint { identity garage { name } } }", True),
        ("chargePoints { identity isOnline lastSeenAt ports { name } }", True),
        (
            "board { charged { stay { ticketNumber vehicle { make } garage { name } } session { cost { cents } } } }",
            True,
        ),
        ("board { charged { session { samples { energyWh } port { name } rate { label } request { id } } } }", True),
        ("board { charged { stay { activeRequest { id } } } }", True),
        ("board { charged { stay { chargingNote } } }", False),
        ("board { charged { stay { lineItems { id } } } }", False),
        ("board { charged { stay { lineItemTotal { cents } } } }", False),
        ("board { charged { stay { hasPendingCharges } } }", False),
        ("board { charged { stay { requests { id } } } }", False),
        ("board { charged { stay { sessions { id } } } }", False),
        ("board { charged { session { lineItem { id } } } }", False),
        ("board { charged { session { stay { lineItems { id } } } } }", False),
        ("stays { totalCount }", False),
        ("stays { edges { node { id } } }", False),
        ("sessions { totalCount }", False),
        ("rateHistory { totalCount }", False),
        ("unassignedSessions { totalCount }", False),
        ("board { charged { session { lineItems { id } } } }", False),
        ("board { charged { session { moves { movedBy } } } }", False),
    ],
)
async def test_what_hangs_on_a_board_card_is_all_that_a_display_sees(world, ids, selected, is_shown):
    document = f"query($id: ID!) {{ garage(id: $id) {{ {selected} }} }}"
    display, attendant = await world.sign_in(Role.DISPLAY), await world.sign_in(Role.ATTENDANT)
    assert "errors" not in await attendant.ask(document, id=ids["garage"])
    answer = await display.ask(document, id=ids["garage"])
    if is_shown:
        assert "errors" not in answer
    else:
        assert _codes(answer["errors"]) == {"FORBIDDEN"}


@pytest.mark.parametrize(
    "selected",
    [
        "cards { totalCount }",
        "quarantine { totalCount }",
        "flaggedSessions { totalCount }",
        "chargePoints { frames { totalCount } }",
        "chargePoints { connections { totalCount } }",
        "chargePoints { refusedConnections { totalCount } }",
    ],
)
async def test_what_an_operator_looks_up_is_not_an_attendants(world, ids, selected):
    document = f"query($id: ID!) {{ garage(id: $id) {{ {selected} }} }}"
    operator, attendant = await world.sign_in(Role.OPERATOR), await world.sign_in(Role.ATTENDANT)
    assert "errors" not in await operator.ask(document, id=ids["garage"])
    assert _codes((await attendant.ask(document, id=ids["garage"]))["errors"]) == {"FORBIDDEN"}


async def test_a_role_that_lacks_a_right_is_told_so(world, ids):
    pos, attendant = await world.sign_in(Role.POS), await world.sign_in(Role.ATTENDANT)
    for api, names in (
        (pos, ("startCharging", "stopCharging", "renamePort", "setRate")),
        (attendant, ("renamePort", "setRate")),
    ):
        for name in names:
            answer = await _ask(api, _document("mutation", name), ids)
            assert _codes(answer["errors"]) == {"FORBIDDEN"}, name


async def test_a_viewers_roles_name_their_own_garages_only(world):
    pos = await world.sign_in(Role.POS)
    data = await pos.data("{ viewer { name email organization roles { role garage { locationId } } } }")
    assert data["viewer"] == {
        "name": "Pos",
        "email": f"pos.{world.garage.key}@example.com",
        "organization": "Midtown Parking",
        "roles": [{"role": "POS", "garage": {"locationId": "NYC-034"}}],
    }
