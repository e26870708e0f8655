"""What a look at a charge point finds: `evgraph doctor` prints it."""

import strawberry

from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.enums import Verdict
from evgraph.schema.errors import UserError


@strawberry.type
class Finding:
    topic: str = strawberry.field(description="What was looked at: online, clock, configuration, metering and so on.")
    verdict: Verdict
    text: str = strawberry.field(description="For a technician, in a whole sentence.")
    advice: str | None = strawberry.field(description="What to do, where something is not well.")


@strawberry.type
class CheckupReport:
    verdict: Verdict = strawberry.field(description="The worst of its findings.")
    findings: list[Finding] = strawberry.field(description="In the order in which one looks.")


@strawberry.input
class CheckChargePointInput:
    charge_point_id: strawberry.ID


@strawberry.type
class CheckChargePointPayload:
    charge_point: ChargePoint | None = None
    report: CheckupReport | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)
