"""A file a mutation: read the input, call one service, answer."""

import strawberry

from evgraph.resolvers.mutations.cancel_request import cancel_request
from evgraph.resolvers.mutations.check_in import check_in
from evgraph.resolvers.mutations.check_out import check_out
from evgraph.resolvers.mutations.make_request import make_request
from evgraph.resolvers.mutations.rename_port import rename_port
from evgraph.resolvers.mutations.set_rate import set_rate
from evgraph.resolvers.mutations.sign_in import sign_in
from evgraph.resolvers.mutations.sign_out import sign_out
from evgraph.resolvers.mutations.start_charging import start_charging
from evgraph.resolvers.mutations.stop_charging import stop_charging
from evgraph.resolvers.mutations.update_stay import update_stay
from evgraph.schema import payloads


@strawberry.type
class Mutation:
    sign_in: payloads.SignInPayload = strawberry.mutation(resolver=sign_in)
    sign_out: payloads.SignOutPayload = strawberry.mutation(resolver=sign_out)

    check_in: payloads.CheckInPayload = strawberry.mutation(resolver=check_in)
    update_stay: payloads.UpdateStayPayload = strawberry.mutation(resolver=update_stay)
    check_out: payloads.CheckOutPayload = strawberry.mutation(resolver=check_out)

    make_request: payloads.MakeRequestPayload = strawberry.mutation(resolver=make_request)
    cancel_request: payloads.CancelRequestPayload = strawberry.mutation(resolver=cancel_request)
    start_charging: payloads.StartChargingPayload = strawberry.mutation(resolver=start_charging)
    stop_charging: payloads.StopChargingPayload = strawberry.mutation(
        resolver=stop_charging, description="Ask the charger to stop; unplugging does the same without it."
    )

    rename_port: payloads.RenamePortPayload = strawberry.mutation(resolver=rename_port)
    set_rate: payloads.SetRatePayload = strawberry.mutation(resolver=set_rate)
