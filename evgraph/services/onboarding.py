"""Bringing a charge point's configuration to the wishes, once it was accepted (B3)."""

import structlog

from evgraph.domain.charge_point import ChargePoint
from evgraph.domain.configuration import (
    TAKEN,
    ConfigurationSetting,
    candidates,
    is_to_change,
    means_the_same,
)
from evgraph.models import ChargePointRow
from evgraph.services.configuration import Configurations
from evgraph.services.interfaces import ChargerBusy, ChargerRejected, ChargerTimeout
from evgraph.services.local_lists import LocalLists

# A charger that answers nothing would keep people's commands waiting behind each question.
_MOST_UNANSWERED = 2

log = structlog.get_logger("evgraph.onboarding")


class Onboarding:
    """Asks one thing at a time, so that people's commands get in between."""

    def __init__(self, configurations: Configurations, local_lists: LocalLists) -> None:
        self._configurations = configurations
        self._local_lists = local_lists

    async def is_due(self, charge_point_id: int) -> bool:
        """Of one that is back without a boot: whether it was never configured by us."""
        row = await ChargePointRow.get(id=charge_point_id)
        return row.configures and not await self._configurations.was_ever_asked(charge_point_id)

    async def configure(self, charge_point_id: int) -> bool:
        """Whether it is kept configured at all. Raises ChargerOffline, ChargerBusy or ChargerTimeout, with what was
        told until then kept."""
        row = await ChargePointRow.get(id=charge_point_id)
        if not row.configures:
            return False
        charge_point = row.value()
        try:
            await self._configurations.read(charge_point)
        except ChargerRejected as refused:
            # It does not tell what it holds; it may take what it is given.
            log.info("configuration not told", charge_point=charge_point.identity, why=str(refused))
        await self._change_what_differs(charge_point)
        return True

    async def bring_local_list(self, charge_point_id: int, identity: str) -> None:
        """S6: the garage's cards, for the time that we are away; after its configuration, which tells its limits."""
        await self._local_lists.bring_up_to_date(charge_point_id, identity)

    async def _change_what_differs(self, charge_point: ChargePoint) -> None:
        now = self._configurations.now()
        taken: list[str] = []
        unanswered = 0
        for setting in await self._configurations.settings(charge_point.id):
            if not is_to_change(setting, now):
                continue
            try:
                if await self._change(charge_point, setting):
                    taken.append(setting.key)
            except (ChargerBusy, ChargerTimeout) as late:
                unanswered += 1
                log.info("configuration not answered", charge_point=charge_point.identity, key=setting.key)
                if unanswered == _MOST_UNANSWERED:
                    raise late
        if taken:
            try:
                await self._configurations.read(charge_point, taken)
            except ChargerRejected as refused:
                log.info("configuration not told", charge_point=charge_point.identity, why=str(refused))

    async def _change(self, charge_point: ChargePoint, setting: ConfigurationSetting) -> bool:
        """Whether it took one of the values that serve; one that it holds already is not asked for."""
        assert setting.wish is not None
        for value in candidates(setting.wish):
            if setting.value is not None and means_the_same(setting.key, setting.value, value):
                return False
            status = await self._configurations.change(charge_point, setting.key, value)
            log.info("configuration set", charge_point=charge_point.identity, key=setting.key, status=status)
            if status in TAKEN:
                return True
            if status == "NotSupported":
                return False
        return False
