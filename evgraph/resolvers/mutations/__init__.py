"""A file a mutation: read the input, call one service, answer."""

import strawberry

from evgraph.resolvers.mutations.add_card import add_card
from evgraph.resolvers.mutations.assign_session import assign_session
from evgraph.resolvers.mutations.call_charge_point import call_charge_point
from evgraph.resolvers.mutations.cancel_request import cancel_request
from evgraph.resolvers.mutations.cancel_reservation import cancel_reservation
from evgraph.resolvers.mutations.change_availability import change_availability
from evgraph.resolvers.mutations.check_charge_point import check_charge_point
from evgraph.resolvers.mutations.check_in import check_in
from evgraph.resolvers.mutations.check_out import check_out
from evgraph.resolvers.mutations.clear_cache import clear_cache
from evgraph.resolvers.mutations.clear_charging_profile import clear_charging_profile
from evgraph.resolvers.mutations.data_transfer import data_transfer
from evgraph.resolvers.mutations.delete_certificate import delete_certificate
from evgraph.resolvers.mutations.extended_trigger_message import extended_trigger_message
from evgraph.resolvers.mutations.get_composite_schedule import get_composite_schedule
from evgraph.resolvers.mutations.get_configuration import get_configuration
from evgraph.resolvers.mutations.get_diagnostics import get_diagnostics
from evgraph.resolvers.mutations.get_installed_certificate_ids import get_installed_certificate_ids
from evgraph.resolvers.mutations.get_log import get_log
from evgraph.resolvers.mutations.install_certificate import install_certificate
from evgraph.resolvers.mutations.make_request import make_request
from evgraph.resolvers.mutations.reassign_session import reassign_session
from evgraph.resolvers.mutations.register_charge_point import register_charge_point
from evgraph.resolvers.mutations.remove_card import remove_card
from evgraph.resolvers.mutations.rename_port import rename_port
from evgraph.resolvers.mutations.request_charge_point_certificate import request_charge_point_certificate
from evgraph.resolvers.mutations.reserve_now import reserve_now
from evgraph.resolvers.mutations.reset_charge_point import reset_charge_point
from evgraph.resolvers.mutations.resolve_quarantined import resolve_quarantined
from evgraph.resolvers.mutations.revoke_certificate import revoke_certificate
from evgraph.resolvers.mutations.rotate_charge_point_key import rotate_charge_point_key
from evgraph.resolvers.mutations.send_local_list import send_local_list
from evgraph.resolvers.mutations.set_charge_point_acceptance import set_charge_point_acceptance
from evgraph.resolvers.mutations.set_charge_point_security_profile import set_charge_point_security_profile
from evgraph.resolvers.mutations.set_charging_profile import set_charging_profile
from evgraph.resolvers.mutations.set_configuration import set_configuration
from evgraph.resolvers.mutations.set_rate import set_rate
from evgraph.resolvers.mutations.sign_in import sign_in
from evgraph.resolvers.mutations.sign_out import sign_out
from evgraph.resolvers.mutations.signed_update_firmware import signed_update_firmware
from evgraph.resolvers.mutations.start_charging import start_charging
from evgraph.resolvers.mutations.stop_charging import stop_charging
from evgraph.resolvers.mutations.trigger_message import trigger_message
from evgraph.resolvers.mutations.unlock_connector import unlock_connector
from evgraph.resolvers.mutations.update_card import update_card
from evgraph.resolvers.mutations.update_charge_point import update_charge_point
from evgraph.resolvers.mutations.update_firmware import update_firmware
from evgraph.resolvers.mutations.update_stay import update_stay
from evgraph.schema import availability, charging_profile, commands, payloads, reservation, security_inputs, setting_up
from evgraph.schema.assigning import AssignSessionPayload, ReassignSessionPayload
from evgraph.schema.card import AddCardPayload, RemoveCardPayload, UpdateCardPayload
from evgraph.schema.charge_point_job import (
    GetDiagnosticsPayload,
    GetLogPayload,
    SignedUpdateFirmwarePayload,
    UpdateFirmwarePayload,
)
from evgraph.schema.checkup import CheckChargePointPayload
from evgraph.schema.local_list import SendLocalListPayload
from evgraph.schema.quarantined_message import ResolveQuarantinedPayload


@strawberry.type
class Mutation:
    sign_in: payloads.SignInPayload = strawberry.mutation(resolver=sign_in)
    sign_out: payloads.SignOutPayload = strawberry.mutation(resolver=sign_out)

    check_in: payloads.CheckInPayload = strawberry.mutation(resolver=check_in)
    update_stay: payloads.UpdateStayPayload = strawberry.mutation(resolver=update_stay)
    check_out: payloads.CheckOutPayload = strawberry.mutation(
        resolver=check_out,
        description="Close a stay. With stopCharging, a session whose charger is offline, or refuses a second time, "
        "ends at its last reading and is billed at once: `warnings` says so.",
    )

    make_request: payloads.MakeRequestPayload = strawberry.mutation(resolver=make_request)
    cancel_request: payloads.CancelRequestPayload = strawberry.mutation(resolver=cancel_request)
    start_charging: payloads.StartChargingPayload = strawberry.mutation(resolver=start_charging)
    stop_charging: payloads.StopChargingPayload = strawberry.mutation(
        resolver=stop_charging, description="Ask the charger to stop; unplugging does the same without it."
    )

    assign_session: AssignSessionPayload = strawberry.mutation(
        resolver=assign_session,
        description="Give a session that nobody asked for to an open ticket: billed from its start, by the rate in "
        "force then.",
    )
    reassign_session: ReassignSessionPayload = strawberry.mutation(
        resolver=reassign_session,
        description="A wrong plug: move a session to another ticket, and its bill with it, by further line items.",
    )

    resolve_quarantined: ResolveQuarantinedPayload = strawberry.mutation(
        resolver=resolve_quarantined,
        description="Say what became of a message that could not be placed, or which session it ended.",
    )

    add_card: AddCardPayload = strawberry.mutation(
        resolver=add_card, description="Chargers are told at once, for the time that they cannot ask us."
    )
    update_card: UpdateCardPayload = strawberry.mutation(resolver=update_card)
    remove_card: RemoveCardPayload = strawberry.mutation(resolver=remove_card)
    send_local_list: SendLocalListPayload = strawberry.mutation(
        resolver=send_local_list,
        description="Send a charge point all cards of its garage, whatever it holds. It is kept up to date without it.",
    )

    rename_port: payloads.RenamePortPayload = strawberry.mutation(resolver=rename_port)
    set_rate: payloads.SetRatePayload = strawberry.mutation(resolver=set_rate)

    register_charge_point: setting_up.RegisterChargePointPayload = strawberry.mutation(resolver=register_charge_point)
    check_charge_point: CheckChargePointPayload = strawberry.mutation(
        resolver=check_charge_point,
        description="Look at a charge point and ask it what it can tell, as `evgraph doctor` does. Takes some seconds.",
    )
    update_charge_point: setting_up.UpdateChargePointPayload = strawberry.mutation(resolver=update_charge_point)
    set_charge_point_acceptance: setting_up.SetChargePointAcceptancePayload = strawberry.mutation(
        resolver=set_charge_point_acceptance,
        description="What its boots are answered; holds at once. One that becomes ACCEPTED is asked to boot.",
    )
    rotate_charge_point_key: setting_up.RotateChargePointKeyPayload = strawberry.mutation(
        resolver=rotate_charge_point_key,
        description="A new random key: it or the old one is good until the charge point has signed in with it.",
    )
    get_configuration: setting_up.GetConfigurationPayload = strawberry.mutation(
        resolver=get_configuration, description="What the charge point really holds: asked now."
    )
    set_configuration: setting_up.SetConfigurationPayload = strawberry.mutation(
        resolver=set_configuration, description="Change one key, and read back what the charge point holds then."
    )

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

    update_firmware: UpdateFirmwarePayload = strawberry.mutation(
        resolver=update_firmware,
        description="Have a charge point fetch and install firmware; follow it with chargePointJobUpdated.",
    )
    get_diagnostics: GetDiagnosticsPayload = strawberry.mutation(
        resolver=get_diagnostics, description="Have a charge point upload its diagnostics."
    )
    get_log: GetLogPayload = strawberry.mutation(
        resolver=get_log, description="Have a charge point upload its log, or its security log."
    )
    signed_update_firmware: SignedUpdateFirmwarePayload = strawberry.mutation(
        resolver=signed_update_firmware, description="The same, for firmware that its maker's signature proves."
    )

    install_certificate: security_inputs.InstallCertificatePayload = strawberry.mutation(
        resolver=install_certificate,
        description="Have a charge point trust a root certificate.",
    )
    delete_certificate: security_inputs.DeleteCertificatePayload = strawberry.mutation(
        resolver=delete_certificate,
        description="Have a charge point trust a root certificate no longer.",
    )
    get_installed_certificate_ids: security_inputs.GetInstalledCertificateIdsPayload = strawberry.mutation(
        resolver=get_installed_certificate_ids,
        description="The root certificates that a charge point trusts; none is no error.",
    )
    extended_trigger_message: security_inputs.ExtendedTriggerMessagePayload = strawberry.mutation(
        resolver=extended_trigger_message,
        description="As triggerMessage, by the message of the security extension.",
    )
    request_charge_point_certificate: security_inputs.RequestChargePointCertificatePayload = strawberry.mutation(
        resolver=request_charge_point_certificate,
        description="Make a charge point ask for a new certificate of its own, which the operator's CA then signs.",
    )
    revoke_certificate: security_inputs.RevokeCertificatePayload = strawberry.mutation(
        resolver=revoke_certificate,
        description="From now on it opens no door; a connection that it opened is closed.",
    )
    set_charge_point_security_profile: security_inputs.SetChargePointSecurityProfilePayload = strawberry.mutation(
        resolver=set_charge_point_security_profile,
        description="What a charge point must connect with from now on. It is told nothing of it itself: that is its "
        "key SecurityProfile, for setConfiguration.",
    )
