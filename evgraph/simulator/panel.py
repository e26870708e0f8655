"""The panel: a small web page, and its HTTP API, by which a person handles the simulated cables."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from evgraph.simulator.car import MODELS, Car, CarModel
from evgraph.simulator.charge_point import SimulatedChargePoint
from evgraph.simulator.connector import Connector
from evgraph.simulator.fleet import Fleet, UnknownChargePoint
from evgraph.simulator.moves import UnknownConnector, WrongMove

PAGE = Path(__file__).parent / "page"
HOST = "127.0.0.1"
USUAL_STATE_OF_CHARGE = 0.4


class BadRequest(Exception):
    """The message says what is wrong with what was sent."""


def describe(charge_point: SimulatedChargePoint) -> dict[str, Any]:
    """A charge point as the API shows it."""
    return {
        "identity": charge_point.identity,
        "connected": charge_point.is_connected,
        "cut": charge_point.is_cut,
        "problem": charge_point.problem,
        "queued_messages": charge_point.queued,
        "connectors": [describe_connector(charge_point.connector(number)) for number in charge_point.connector_ids],
    }


def describe_connector(connector: Connector) -> dict[str, Any]:
    """Power in W, energy of the running transaction and register in Wh."""
    car, transaction = connector.car, connector.transaction
    register_wh = connector.meter.register_wh
    return {
        "connector_id": connector.connector_id,
        "status": connector.status,
        "error_code": connector.error_code,
        "car": None
        if car is None
        else {
            "make": car.make,
            "battery_kwh": car.battery_wh / 1000,
            "state_of_charge": round(car.state_of_charge, 4),
            "max_power_kw": car.max_power_w / 1000,
        },
        "power_w": round(connector.power_w),
        "energy_wh": None if transaction is None else register_wh - transaction.meter_start,
        "register_wh": register_wh,
        "transaction_id": None if transaction is None else transaction.transaction_id,
        "id_tag": None if transaction is None else transaction.id_tag,
    }


def read_car(wish: dict[str, Any]) -> Car | None:
    """The car that was asked for; None stands for any. A make that is known brings its own battery."""
    unknown = set(wish) - {"make", "battery_kwh", "state_of_charge", "max_power_kw"}
    if unknown:
        raise BadRequest(f"A car has no {', '.join(sorted(unknown))}.")
    if not wish:
        return None
    make = wish.get("make", MODELS[0].make)
    if not isinstance(make, str):
        raise BadRequest("A make is a text.")
    model = next((known for known in MODELS if known.make == make), CarModel(make, 75.0, 11.5))
    try:
        return Car(
            make=make,
            battery_wh=float(wish.get("battery_kwh", model.battery_kwh)) * 1000,
            max_power_w=float(wish.get("max_power_kw", model.max_power_kw)) * 1000,
            state_of_charge=float(wish.get("state_of_charge", USUAL_STATE_OF_CHARGE)),
        )
    except (TypeError, ValueError) as wrong:
        raise BadRequest(f"There is no such car: {wrong}") from wrong


class Panel:
    """The handlers of the API, for one fleet."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def app(self) -> Starlette:
        one = "/api/charge-points/{identity}"
        connector = one + "/connectors/{connector_id:int}"
        return Starlette(
            routes=[
                Route("/", self.page),
                Route("/api/car-models", self.car_models),
                Route("/api/charge-points", self.charge_points),
                Route(one, self.charge_point),
                Route(one + "/go-offline", self.go_offline, methods=["POST"]),
                Route(one + "/come-back", self.come_back, methods=["POST"]),
                Route(one + "/reject-next-start", self.reject_next_start, methods=["POST"]),
                Route(one + "/power-cycle", self.power_cycle, methods=["POST"]),
                Route(connector + "/plug-in", self.plug_in, methods=["POST"]),
                Route(connector + "/unplug", self.unplug, methods=["POST"]),
                Route(connector + "/fault", self.fault, methods=["POST"]),
                Route(connector + "/clear-fault", self.clear_fault, methods=["POST"]),
                Mount("/page", StaticFiles(directory=PAGE)),
            ],
            # A web site elsewhere must not reach the panel through a name of its own.
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])],
            exception_handlers={
                UnknownChargePoint: _refuse(404),
                UnknownConnector: _refuse(404),
                WrongMove: _refuse(409),
                BadRequest: _refuse(400),
            },
        )

    async def page(self, _request: Request) -> Response:
        return FileResponse(PAGE / "index.html", headers={"Content-Security-Policy": "default-src 'self'"})

    async def car_models(self, _request: Request) -> Response:
        return JSONResponse([asdict(model) for model in MODELS])

    async def charge_points(self, _request: Request) -> Response:
        return JSONResponse([describe(charge_point) for charge_point in self._fleet])

    async def charge_point(self, request: Request) -> Response:
        return JSONResponse(describe(self._asked(request)))

    async def go_offline(self, request: Request) -> Response:
        charge_point = self._asked(request)
        await charge_point.go_offline()
        return JSONResponse(describe(charge_point))

    async def come_back(self, request: Request) -> Response:
        charge_point = self._asked(request)
        await charge_point.come_back()
        return JSONResponse(describe(charge_point))

    async def reject_next_start(self, request: Request) -> Response:
        charge_point = self._asked(request)
        charge_point.reject_next_start()
        return JSONResponse(describe(charge_point))

    async def power_cycle(self, request: Request) -> Response:
        charge_point = self._asked(request)
        await charge_point.power_cycle()
        return JSONResponse(describe(charge_point))

    async def plug_in(self, request: Request) -> Response:
        charge_point = self._asked(request)
        car = read_car(await _body(request))
        await charge_point.plug_in(request.path_params["connector_id"], car)
        return JSONResponse(describe(charge_point))

    async def unplug(self, request: Request) -> Response:
        charge_point = self._asked(request)
        await charge_point.unplug(request.path_params["connector_id"])
        return JSONResponse(describe(charge_point))

    async def fault(self, request: Request) -> Response:
        charge_point = self._asked(request)
        error_code = (await _body(request)).get("error_code", "GroundFailure")
        if not isinstance(error_code, str):
            raise BadRequest("An error code is a text.")
        await charge_point.fault(request.path_params["connector_id"], error_code)
        return JSONResponse(describe(charge_point))

    async def clear_fault(self, request: Request) -> Response:
        charge_point = self._asked(request)
        await charge_point.clear_fault(request.path_params["connector_id"])
        return JSONResponse(describe(charge_point))

    def _asked(self, request: Request) -> SimulatedChargePoint:
        return self._fleet[request.path_params["identity"]]


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object that came with a request; nothing at all is an empty one."""
    raw = await request.body()
    if not raw:
        return {}
    try:
        body = await request.json()
    except ValueError as unreadable:
        raise BadRequest("The body is not JSON.") from unreadable
    if not isinstance(body, dict):
        raise BadRequest("The body is not a JSON object.")
    return body


def _refuse(status: int) -> Any:
    async def answer(_request: Request, refusal: Exception) -> Response:
        return JSONResponse({"error": str(refusal)}, status_code=status)

    return answer


class _QuietServer(uvicorn.Server):
    """Leaves the signals to the process that it is a part of."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class PortInUse(Exception):
    """The panel cannot listen on its port; the message says which, and what to do."""


def refuse_port_in_use(port: int) -> None:
    """Raises PortInUse; 0 is never in use."""
    try:
        socket.create_server((HOST, port)).close()
    except (OSError, OverflowError) as failure:
        why = getattr(failure, "strerror", None) or failure
        raise PortInUse(f"Cannot listen on {HOST}:{port} ({why}). Choose another port with --panel-port.") from failure


async def serve_panel(fleet: Fleet, port: int) -> None:
    """Serve the panel on 127.0.0.1 until cancelled."""
    server = _QuietServer(
        uvicorn.Config(Panel(fleet).app(), host=HOST, port=port, log_level="warning", lifespan="off", ws="none")
    )
    serving = asyncio.create_task(server.serve())
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await asyncio.wait({serving})
