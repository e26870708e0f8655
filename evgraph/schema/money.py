import strawberry

from evgraph.domain.garage import Garage
from evgraph.domain.money import Cents
from evgraph.domain.money import Money as MoneyValue
from evgraph.schema.context import Info, existing
from evgraph.schema.node import resolved
from evgraph.schema.scalars import as_int


@strawberry.type
class Money:
    cents: int
    currency: str = strawberry.field(description="ISO 4217.")
    exact: strawberry.Private[MoneyValue]
    locale: strawberry.Private[str]

    @resolved("For people, in the garage's locale: $4.31.")
    def formatted(self) -> str:
        return self.exact.formatted(self.locale)


def money(cents: Cents, garage: Garage) -> Money:
    exact = MoneyValue(cents, garage.currency)
    return Money(cents=as_int(cents), currency=garage.currency, exact=exact, locale=garage.locale)


async def money_of(info: Info, garage_id: int, cents: Cents) -> Money:
    return money(cents, existing(await info.context.loaders.garages.load(garage_id)))
