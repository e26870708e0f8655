"""The idTags that a charge point knows by itself: its local list and its cache (OCPP 1.6 sections 3.4, 3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evgraph.simulator.configuration import Configuration
from evgraph.simulator.library import call_result, enums
from evgraph.simulator.promises import Answer
from evgraph.simulator.simulated_time import SimulatedTime, instant


@dataclass(frozen=True)
class IdTagInfo:
    status: str
    expires_at: datetime | None = None
    parent_id_tag: str | None = None

    @classmethod
    def of(cls, given: dict[str, Any]) -> IdTagInfo:
        expires = given.get("expiry_date")
        return cls(str(given["status"]), instant(expires) if expires else None, given.get("parent_id_tag"))

    def is_valid(self, now: datetime) -> bool:
        return self.status == enums.AuthorizationStatus.accepted and (self.expires_at is None or now < self.expires_at)


class IdTags:
    """Survives a power loss. idTags are matched without regard to case (CiString20)."""

    def __init__(self, configuration: Configuration, time: SimulatedTime) -> None:
        self._configuration = configuration
        self._time = time
        self._version = 0
        self._listed: dict[str, IdTagInfo] = {}
        self._cached: dict[str, IdTagInfo] = {}

    def answers(self) -> dict[str, Answer]:
        return {
            "ClearCache": self.clear_cache,
            "GetLocalListVersion": self.version,
            "SendLocalList": self.update,
        }

    def learn(self, id_tag: str, id_tag_info: dict[str, Any]) -> None:
        """Keep in the cache what the central system has said of an idTag."""
        self._cached[id_tag.casefold()] = IdTagInfo.of(id_tag_info)

    def is_known_valid(self, id_tag: str) -> bool | None:
        """None for one that is not known. The list has precedence over the cache (section 3.5.3)."""
        known = self._known(id_tag)
        return None if known is None else known.is_valid(self._time.now())

    def parent_of(self, id_tag: str) -> str | None:
        known = self._known(id_tag)
        return None if known is None else known.parent_id_tag

    def _known(self, id_tag: str) -> IdTagInfo | None:
        tag = id_tag.casefold()
        listed = self._listed.get(tag) if self._configuration.is_true("LocalAuthListEnabled") else None
        return listed or self._cached.get(tag)

    def clear_cache(self) -> Any:
        self._cached.clear()
        return call_result.ClearCache(status=enums.ClearCacheStatus.accepted)

    def version(self) -> Any:
        """Section 5.10: 0 is an empty list, -1 one that is switched off."""
        is_on = self._configuration.is_true("LocalAuthListEnabled")
        return call_result.GetLocalListVersion(list_version=self._version if is_on else -1)

    def update(
        self, list_version: int, update_type: str, local_authorization_list: list[dict[str, Any]] | None = None
    ) -> Any:
        """Section 5.15. A differential update that is not newer is refused, and so is one that does not fit."""
        statuses = enums.UpdateStatus
        if not self._configuration.is_true("LocalAuthListEnabled"):
            return call_result.SendLocalList(status=statuses.not_supported)
        entries = local_authorization_list or []
        is_full = update_type == enums.UpdateType.full
        if list_version < 1 or len(entries) > self._configuration.number("SendLocalListMaxLength"):
            return call_result.SendLocalList(status=statuses.failed)
        if not is_full and list_version <= self._version:
            return call_result.SendLocalList(status=statuses.version_mismatch)
        listed = {} if is_full else dict(self._listed)
        for entry in entries:
            info = entry.get("id_tag_info")
            if info is not None:
                listed[entry["id_tag"].casefold()] = IdTagInfo.of(info)
            elif listed.pop(entry["id_tag"].casefold(), None) is None and is_full:
                return call_result.SendLocalList(status=statuses.failed)
        if len(listed) > self._configuration.number("LocalAuthListMaxLength"):
            return call_result.SendLocalList(status=statuses.failed)
        self._listed, self._version = listed, list_version
        return call_result.SendLocalList(status=statuses.accepted)
