"""A file a mutation: read the input, call one service, answer."""

import strawberry

from evgraph.resolvers.mutations.call_charge_point import call_charge_point
from evgraph.resolvers.mutations.cancel_request import cancel_request
from evgraph.resolvers.mutations.cancel_reservation import cancel_reservation
from evgraph.resolvers.mutations.change_availability import change_availability
from evgraph.resolvers.mutations.check_in import check_in
from evgraph.resolvers.mutations.check_out import check_out
from evgraph.resolvers.mutations.clear_cache import clear_cache
from evgraph.resolvers.mutations.clear_charging_profile import clear_charging_profile
from evgraph.resolvers.mutations.data_transfer import data_transfer
from evgraph.resolvers.mutations.get_composite_schedule import get_composite_schedule
from evgraph.resolvers.mutations.make_request import make_request
from evgraph.resolvers.mutations.rename_port import rename_port
from evgraph.resolvers.mutations.reserve_now import reserve_now
from evgraph.resolvers.mutations.reset_charge_point import reset_charge_point
from evgraph.resolvers.mutations.set_charging_profile import set_charging_profile
from evgraph.resolvers.mutations.set_rate import set_rate
from evgraph.resolvers.mutations.sign_in import sign_in
from evgraph.resolvers.mutations.sign_out import sign_out
from evgraph.resolvers.mutations.start_charging import start_charging
from evgraph.resolvers.mutations.stop_charging import stop_charging
from evgraph.resolvers.mutations.trigger_message import trigger_message
from evgraph.resolvers.mutations.unlock_connector import unlock_connector
from evgraph.resolvers.mutations.update_stay import update_stay
from evgraph.schema import availability, charging_profile, commands, payloads, reservation


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

    reset_charge_point: commands.ResetChargePointPayload = strawberry.mutation(resolver=reset_charge_point)
    unlock_connector: commands.UnlockConnectorPayload = strawberry.mutation(
        resolver=unlock_connector, description="A session that runs there ends first, and is billed."
    )
    trigger_message: commands.TriggerMessagePayload = strawberry.mutation(
        resolver=trigger_message, description="The charge point says now what it would say at another time."
    )
    clear_cache: commands.ClearCachePayload = strawberry.mutation(
        resolver=clear_cache, description="The charge point forgets the idTags that it has seen."
    )
    data_transfer: commands.DataTransferPayload = strawberry.mutation(resolver=data_transfer)
    call_charge_point: commands.CallChargePointPayload = strawberry.mutation(
        resolver=call_charge_point, description="Any CALL of OCPP 1.6 that a central system may send, as it is."
    )
    change_availability: availability.ChangeAvailabilityPayload = strawberry.mutation(
        resolver=change_availability,
        description="Put a port out of order, or back in service: on the board at once, whatever its charger says.",
    )
    reserve_now: reservation.ReserveNowPayload = strawberry.mutation(
        resolver=reserve_now, description="Hold a port for an idTag."
    )
    cancel_reservation: reservation.CancelReservationPayload = strawberry.mutation(resolver=cancel_reservation)
    set_charging_profile: charging_profile.SetChargingProfilePayload = strawberry.mutation(
        resolver=set_charging_profile,
        description="Limit what a charge point or a session draws. It replaces the profile of the same id, and that of "
        "the same purpose and stack level on its connector.",
    )
    clear_charging_profile: charging_profile.ClearChargingProfilePayload = strawberry.mutation(
        resolver=clear_charging_profile
    )
    get_composite_schedule: charging_profile.GetCompositeSchedulePayload = strawberry.mutation(
        resolver=get_composite_schedule
    )
