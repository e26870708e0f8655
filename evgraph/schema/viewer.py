import strawberry

from evgraph.domain.people import Viewer as ViewerValue
from evgraph.schema.context import Info
from evgraph.schema.enums import Role
from evgraph.schema.garage import Garage
from evgraph.schema.global_ids import encode
from evgraph.schema.node import from_value, resolved


@strawberry.type
class GarageRole:
    garage: Garage
    role: Role


@strawberry.type
class Viewer:
    value: strawberry.Private[ViewerValue]

    name: str = from_value()
    email: str | None = from_value()
    organization: str = from_value()

    @resolved(name="id")
    def global_id(self) -> strawberry.ID:
        return encode("Viewer", self.value.id)

    @strawberry.field
    async def roles(self, info: Info) -> list[GarageRole]:
        garages = await info.context.loaders.garages.load_many(self.value.roles)
        known = sorted((garage for garage in garages if garage), key=lambda garage: (garage.name.casefold(), garage.id))
        return [GarageRole(garage=Garage(value=garage), role=self.value.roles[garage.id]) for garage in known]
