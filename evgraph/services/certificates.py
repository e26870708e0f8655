"""Certificates: what charge points ask to be signed, what they hold, and what an operator does with both."""

import asyncio
from pathlib import Path

import structlog
from cryptography import x509
from tortoise.exceptions import BaseORMException

from evgraph.domain.asks import (
    CertificateHash,
    CertificateSigned,
    DeleteCertificate,
    ExtendedTriggerMessage,
    GetInstalledCertificateIds,
    InstallCertificate,
)
from evgraph.domain.charge_point import CertificateState, ChargePoint
from evgraph.domain.people import Right, Viewer
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.security import IssuedCertificate, check_profile
from evgraph.models import CertificateRow, ChargePointRow
from evgraph.services import asking, finding
from evgraph.services.authority import Authority, BadSigningRequest, NoAuthority, SignedCertificate, SigningRequest
from evgraph.services.books import Books
from evgraph.services.interfaces import CallFailed, ChargePointGateway
from evgraph.services.permissions import missing, require

CA_FOLDER = Path("var/ca")
_ACCEPTED = "Accepted"
_LONGEST_PEM = 5500

log = structlog.get_logger("evgraph.certificates")


class Certificates:
    """`folder`: where the operator's certificate authority lies, if there is one."""

    def __init__(self, books: Books, gateway: ChargePointGateway, folder: Path) -> None:
        self._books = books
        self._gateway = gateway
        self._folder = folder
        self._signing: dict[int, tuple[str, asyncio.Task[None]]] = {}

    async def close(self) -> None:
        """Waits for what is being signed."""
        await asyncio.gather(*(task for _, task in self._signing.values()), return_exceptions=True)

    # What a charge point asks

    async def sign_requested(self, charge_point_id: int, identity: str, csr: str) -> bool:
        """SignCertificate: whether it will be signed. The certificate follows in a CALL of ours, from a task of ours:
        the charge point that must answer that is being served right now. Said again, it is signed once."""
        if (running := self._signing.get(charge_point_id)) is not None:
            log.info("a certificate is being signed already", charge_point=identity)
            return running[0] == csr
        try:
            authority = await asyncio.to_thread(Authority.load, self._folder)
            request = await asyncio.to_thread(authority.check, csr, identity)
        except NoAuthority as failure:
            log.warning("certificate not signed", charge_point=identity, why=str(failure))
            return False
        except BadSigningRequest as failure:
            log.warning("certificate not signed", charge_point=identity, why=str(failure))
            return False
        task = asyncio.create_task(self._sign_and_send(charge_point_id, identity, authority, request))
        self._signing[charge_point_id] = (csr, task)
        task.add_done_callback(lambda _: self._signing.pop(charge_point_id, None))
        return True

    # What an operator does

    async def request_new(self, viewer: Viewer, charge_point_id: int) -> ChargePoint:
        """The charge point is asked to make a key and ask for its certificate (A02). Raises Refusal."""
        charge_point = await finding.charge_point(viewer, Right.OPERATE, charge_point_id)
        try:
            await asyncio.to_thread(Authority.load, self._folder)
        except NoAuthority as failure:
            raise Refusal(ErrorCode.INVALID, f"{failure}.".replace("..", "."), ("input", "chargePointId")) from failure
        await self._trigger(charge_point, "SignChargePointCertificate", None, ("input", "chargePointId"))
        return charge_point

    async def trigger(
        self, viewer: Viewer, charge_point_id: int, message: str, connector_id: int | None
    ) -> ChargePoint:
        """ExtendedTriggerMessage. Raises Refusal."""
        charge_point = await finding.charge_point(viewer, Right.OPERATE, charge_point_id)
        await self._trigger(charge_point, message, connector_id, ("input", "message"))
        return charge_point

    async def install(self, viewer: Viewer, charge_point_id: int, kind: str, pem: str | None) -> ChargePoint:
        """`pem` null: the root of our own CA. Raises Refusal."""
        charge_point = await finding.charge_point(viewer, Right.OPERATE, charge_point_id)
        status = await asking.ask(
            self._gateway, charge_point, InstallCertificate(kind, await self._pem(pem)), part=("input", "certificate")
        )
        meaning = {
            "Failed": "It took the certificate, and could not keep it.",
            "Rejected": "It does not take this certificate: out of date, of an unknown kind, or one too many.",
        }
        asking.refuse_unless(charge_point, status, _ACCEPTED, meaning=meaning, field=("input", "certificate"))
        return charge_point

    async def delete(self, viewer: Viewer, charge_point_id: int, certificate: CertificateHash) -> ChargePoint:
        """Raises Refusal."""
        charge_point = await finding.charge_point(viewer, Right.OPERATE, charge_point_id)
        field = ("input", "certificate")
        status = await asking.ask(self._gateway, charge_point, DeleteCertificate(certificate), part=field)
        meaning = {
            "NotFound": "It holds no such certificate.",
            "Failed": "It keeps this one: it is in use, or the last of its kind.",
        }
        asking.refuse_unless(charge_point, status, _ACCEPTED, meaning=meaning, field=field)
        return charge_point

    async def installed(self, viewer: Viewer, charge_point_id: int, kind: str) -> list[CertificateHash]:
        """Those that the charge point trusts. Raises Refusal."""
        charge_point = await finding.charge_point(viewer, Right.OPERATE, charge_point_id)
        answer = await asking.ask(self._gateway, charge_point, GetInstalledCertificateIds(kind))
        asking.refuse_unless(charge_point, answer.status, _ACCEPTED, "NotFound")
        return list(answer.certificates)

    async def revoke(self, viewer: Viewer, certificate_id: int) -> IssuedCertificate:
        """From now on it opens no door, and a connection that it opened is closed. Raises Refusal."""
        row = await CertificateRow.get_or_none(id=certificate_id).select_related("charge_point")
        if row is None:
            raise missing("certificate", "input", "certificateId")
        require(viewer, Right.OPERATE, row.charge_point.garage_id, "certificate", "input", "certificateId")
        revoked = await self._set_state(row.charge_point.garage_id, row.id, CertificateState.REVOKED)
        self._gateway.disconnect(row.charge_point.identity, "Its certificate was revoked.")
        return revoked

    async def revoke_serial(self, serial: str) -> tuple[IssuedCertificate, str]:
        """The same by serial number, with the charge point's identity; who may run commands may do this."""
        plain = serial.strip().lower().replace(":", "").lstrip("0")
        row = await CertificateRow.get_or_none(serial=plain).select_related("charge_point")
        if row is None:
            raise Refusal(ErrorCode.NOT_FOUND, f"No certificate with the serial number {serial} was issued here.")
        revoked = await self._set_state(row.charge_point.garage_id, row.id, CertificateState.REVOKED)
        return revoked, row.charge_point.identity

    async def demand_profile(
        self, viewer: Viewer, charge_point_id: int, profile: int, *, is_forced: bool = False
    ) -> ChargePoint:
        """What the charge point must connect with from now on; when that is more than before, its open connection is
        closed, so that it shows it. The charge point itself is told nothing: its own SecurityProfile key is set by
        ChangeConfiguration. Raises Refusal."""
        charge_point = await finding.charge_point(viewer, Right.OPERATE, charge_point_id)
        async with self._books.change(charge_point.garage_id):
            row = await ChargePointRow.get(id=charge_point_id)
            taken = CertificateRow.filter(charge_point_id=charge_point_id, state=CertificateState.ACCEPTED)
            check_profile(
                row.value(),
                profile,
                has_key=row.key_hash is not None,
                has_certificate=await taken.exists(),
                is_forced=is_forced,
            )
            has_risen = profile > row.security_profile
            row.security_profile = profile
            await row.save(update_fields=["security_profile"])
        if has_risen:
            self._gateway.disconnect(row.identity, "Its security profile has risen.")
        return row.value()

    async def _trigger(
        self, charge_point: ChargePoint, message: str, connector_id: int | None, part: tuple[str, ...]
    ) -> None:
        ask = ExtendedTriggerMessage(message, connector_id)
        status = await asking.ask(self._gateway, charge_point, ask, part=part)
        meaning = {"NotImplemented": "It does not know this message."}
        asking.refuse_unless(charge_point, status, _ACCEPTED, meaning=meaning, field=part)

    async def _pem(self, pem: str | None) -> str:
        field = ("input", "certificate")
        try:
            if pem is None:
                return (await asyncio.to_thread(Authority.load, self._folder)).root_pem
            if len(pem) > _LONGEST_PEM:
                raise Refusal(ErrorCode.INVALID, f"A certificate has at most {_LONGEST_PEM} characters.", field)
            await asyncio.to_thread(x509.load_pem_x509_certificate, pem.encode())
        except NoAuthority as failure:
            raise Refusal(ErrorCode.INVALID, f"{failure}.".replace("..", "."), field) from failure
        except ValueError as failure:
            raise Refusal(ErrorCode.INVALID, "Give one certificate as PEM.", field) from failure
        return pem

    async def _sign_and_send(
        self, charge_point_id: int, identity: str, authority: Authority, request: SigningRequest
    ) -> None:
        try:
            signed = await asyncio.to_thread(authority.sign, request, identity, self._books.now())
            kept = await self.keep(charge_point_id, signed)
            log.info("certificate signed", charge_point=identity, serial=signed.serial, until=str(signed.not_after))
            status = await self._gateway.ask(identity, CertificateSigned(signed.pem))
            log.info("certificate answered", charge_point=identity, serial=signed.serial, status=status)
            await self._answered(charge_point_id, kept, status)
        except CallFailed as failure:
            # It will ask again (A02.FR.18), or show the certificate, which says the same as an answer.
            log.warning("certificate not taken yet", charge_point=identity, why=str(failure))
        except (BaseORMException, OSError, ValueError) as failure:
            log.error("certificate not signed", charge_point=identity, why=repr(failure))

    async def keep(self, charge_point_id: int, signed: SignedCertificate) -> CertificateRow:
        """Before it is sent: what a charge point shows must be on record."""
        garage_id = (await ChargePointRow.get(id=charge_point_id)).garage_id
        async with self._books.change(garage_id) as change:
            return await CertificateRow.create(
                charge_point_id=charge_point_id,
                serial=signed.serial,
                state=CertificateState.SENT,
                pem=signed.pem,
                not_before=signed.not_before,
                not_after=signed.not_after,
                signed_at=change.now,
            )

    async def _answered(self, charge_point_id: int, row: CertificateRow, status: str) -> None:
        garage_id = (await ChargePointRow.get(id=charge_point_id)).garage_id
        state = CertificateState.ACCEPTED if status == _ACCEPTED else CertificateState.REJECTED
        async with self._books.change(garage_id):
            # Not over a revocation that came meanwhile, nor over a certificate that was shown already.
            await CertificateRow.filter(id=row.id, state=CertificateState.SENT).update(state=state)

    async def _set_state(self, garage_id: int, certificate_id: int, state: CertificateState) -> IssuedCertificate:
        async with self._books.change(garage_id):
            row = await CertificateRow.get(id=certificate_id)
            row.state = state
            await row.save(update_fields=["state"])
        return row.value(garage_id)
