"""Who signs in. Passwords are argon2id, hashed off the event loop; tokens are random and kept as their hash."""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from evgraph.domain.own_clock import has_elapsed
from evgraph.domain.people import Right, Role, Viewer
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.models import AccessTokenRow, GarageRow, OrganizationRow, PersonRoleRow, PersonRow
from evgraph.models.database import reader
from evgraph.services.interfaces import Clock
from evgraph.services.keys import hash_token, new_token
from evgraph.services.permissions import RateLimited

SIGNED_IN_FOR = timedelta(days=7)
_LENT_FOR = timedelta(minutes=5)
_REMEMBERED_FOR = timedelta(seconds=10)
_MOST_REMEMBERED = 1000
_ATTEMPTS = 10
_ATTEMPTS_WITHIN = timedelta(minutes=1)
_HASHING_AT_ONCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A new sign-in. `token` is not stored, only its hash; it is valid until `expires_at`, `lifetime` from now."""

    viewer: Viewer
    token: str
    expires_at: datetime
    lifetime: timedelta


class People:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hasher = PasswordHasher()
        self._hashing = asyncio.Semaphore(_HASHING_AT_ONCE)
        self._remembered: dict[str, tuple[datetime, Viewer, datetime]] = {}
        self._attempts: dict[str, deque[datetime]] = {}

    async def hash_password(self, password: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def sign_in(self, email: str, password: str, *, remote: str) -> SignedIn:
        """Raises Refusal INVALID_CREDENTIALS, the same for an unknown email and a wrong password, or RateLimited."""
        address = email.strip().lower()
        self._count_attempt(f"{address}|{remote}")
        row = await PersonRow.get_or_none(email=address)
        matches = await self._password_matches(row.password_hash if row else await asyncio.to_thread(_nobody), password)
        if row is None or not matches:
            raise Refusal(ErrorCode.INVALID_CREDENTIALS, "This email and password do not match.", ("input", "password"))
        token, now = new_token(), self._clock.now()
        expires_at = now + SIGNED_IN_FOR
        await AccessTokenRow.create(
            person_id=row.id, token_hash=hash_token(token), created_at=now, expires_at=expires_at
        )
        return SignedIn(viewer=await _viewer(row), token=token, expires_at=expires_at, lifetime=SIGNED_IN_FOR)

    async def lend_token(self, right: Right, garage_id: int) -> str | None:
        """A token of somebody who has this right in the garage, for a tool on this machine; it ends in minutes, or with
        `sign_out`. Null when there is nobody."""
        garage = await GarageRow.get(id=garage_id)
        for row in await PersonRow.filter(organization_id=garage.organization_id).order_by("id"):
            if (await _viewer(row)).may(right, garage_id):
                token, now = new_token(), self._clock.now()
                await AccessTokenRow.create(
                    person_id=row.id, token_hash=hash_token(token), created_at=now, expires_at=now + _LENT_FOR
                )
                return token
        return None

    async def sign_out(self, token: str) -> None:
        digest = hash_token(token)
        self._remembered.pop(digest, None)
        await AccessTokenRow.filter(token_hash=digest).delete()

    async def viewer_of(self, token: str) -> Viewer | None:
        """Null for a token that is unknown, expired or signed out. Remembered for ten seconds."""
        digest, now = hash_token(token), self._clock.now()
        remembered = self._remembered.get(digest)
        if remembered is not None:
            until, viewer, expires_at = remembered
            if now < until and now < expires_at:
                return viewer
        row = await AccessTokenRow.get_or_none(token_hash=digest, using_db=reader()).select_related("person")
        if row is None or row.expires_at <= now:
            self._remembered.pop(digest, None)
            return None
        viewer = await _viewer(row.person)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[digest] = (now + _REMEMBERED_FOR, viewer, row.expires_at)
        return viewer

    async def _password_matches(self, kept: str, password: str) -> bool:
        async with self._hashing:
            try:
                return await asyncio.to_thread(self._hasher.verify, kept, password)
            except (VerificationError, InvalidHashError):
                return False

    def _count_attempt(self, who: str) -> None:
        now = self._clock.now()
        if len(self._attempts) >= _MOST_REMEMBERED:
            self._attempts = {k: v for k, v in self._attempts.items() if v and v[-1] > now - _ATTEMPTS_WITHIN}
        attempts = self._attempts.setdefault(who, deque(maxlen=_ATTEMPTS))
        if len(attempts) == _ATTEMPTS and not has_elapsed(attempts[0], _ATTEMPTS_WITHIN, now):
            raise RateLimited("Too many attempts to sign in. Wait a minute, then try again.")
        attempts.append(now)


@cache
def _nobody() -> str:
    """What an unknown email is checked against, so that it takes as long as a known one."""
    return PasswordHasher().hash("nobody has this password")


async def _viewer(person: PersonRow) -> Viewer:
    """ADMIN anywhere is ADMIN in every garage of the organisation."""
    db = reader()
    organization = await OrganizationRow.get(id=person.organization_id, using_db=db)
    roles = {row.garage_id: row.role for row in await PersonRoleRow.filter(person_id=person.id).using_db(db)}
    if Role.ADMIN in roles.values():
        garages = await GarageRow.filter(organization_id=person.organization_id).using_db(db)
        roles = {garage.id: Role.ADMIN for garage in garages}
    return Viewer(
        id=person.id,
        organization_id=person.organization_id,
        organization=organization.name,
        name=person.name,
        email=person.email,
        roles=roles,
    )
