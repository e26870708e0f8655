from datetime import datetime

import strawberry

from evgraph.domain.configuration import ConfigurationSetting
from evgraph.schema.node import resolved


@strawberry.type(description="One key of a charge point's configuration (OCPP 1.6 chapter 9).")
class ConfigurationKey:
    """Each field is a method: one of them is called `value`, by which other types wrap theirs."""

    setting: strawberry.Private[ConfigurationSetting]

    @strawberry.field
    def key(self) -> str:
        return self.setting.key

    @resolved("What it held when it was read last; null where it does not tell.")
    def value(self) -> str | None:
        return self.setting.value

    @resolved("The charge point says that this cannot be changed.")
    def is_readonly(self) -> bool:
        return self.setting.is_readonly

    @resolved("False where the charge point has no such key.")
    def is_known(self) -> bool:
        return self.setting.is_known

    @resolved("What it should hold; null for a key of which nothing is wished.")
    def wish(self) -> str | None:
        return self.setting.wish.value if self.setting.wish else None

    @resolved("Why that is wished.")
    def why(self) -> str | None:
        return self.setting.wish.why if self.setting.wish else None

    @resolved("The wish is an operator's own (setConfiguration), and not the house's.")
    def is_operators_wish(self) -> bool:
        return self.setting.is_operators

    @resolved("It holds something else than is wished.")
    def is_drifting(self) -> bool:
        return self.setting.is_drifting

    @resolved(
        "What the last change was answered: Accepted, Rejected, RebootRequired, NotSupported, or Error for what was no "
        "answer to it. Null with an askedAt when none came."
    )
    def answer(self) -> str | None:
        return self.setting.answer

    @resolved("When a change was asked for last.")
    def asked_at(self) -> datetime | None:
        return self.setting.asked_at

    @resolved("When it was read last; null before the first time.")
    def read_at(self) -> datetime | None:
        return self.setting.read_at
