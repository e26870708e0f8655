"""An operator and a charge point, over real sockets."""

from evgraph.domain.people import Role

OUT = "ports { status isOpen isOutOfOrder } answer warning"


async def test_a_port_that_went_out_of_order_while_its_charger_was_away_is_told_so(garage):
    operator = await garage.sign_in(Role.OPERATOR)
    async with operator.board() as screen:
        port = screen.port("AX48-1-1")
        payload = await operator.do("changeAvailability", OUT, portId=port["id"], available=False)
        assert (payload["answer"], payload["errors"]) == (None, [])
        assert payload["warning"] == "AX48-1 is offline. Ask again when it is connected."
        async with garage.charger() as charger:
            await charger.told_everything()
            await screen.shows_port(port["id"], status="UNAVAILABLE", isOpen=False)
            await screen.until(lambda it: it.ports[port["id"]]["lastReportedStatus"] == "UNAVAILABLE")
            payload = await operator.do("changeAvailability", OUT, portId=port["id"], available=True)
            assert (payload["answer"], payload["errors"]) == ("Accepted", [])
            await screen.shows_port(port["id"], status="AVAILABLE", isOpen=True)


async def test_any_call_comes_back_as_the_charger_answered_it(garage):
    operator = await garage.sign_in(Role.OPERATOR)
    document = """mutation($input: CallChargePointInput!) {
      callChargePoint(input: $input) { result errors { code message field } } }"""

    async def call(action, payload):
        node = (await operator.data('{ chargePoint(identity: "AX48-1") { id } }'))["chargePoint"]
        given = {"chargePointId": node["id"], "action": action, "payload": payload}
        return (await operator.data(document, input=given))["callChargePoint"]

    async with garage.charger() as charger:
        await charger.told_everything()
        answer = await call("GetConfiguration", {"key": ["NumberOfConnectors", "Wish"]})
        assert answer["errors"] == []
        assert [key["key"] for key in answer["result"]["configurationKey"]] == ["NumberOfConnectors"]
        assert answer["result"]["unknownKey"] == ["Wish"]
        answer = await call("GetConfiguration", {"key": "all"})
        assert (answer["result"], answer["errors"][0]["message"]) == (None, "GetConfiguration.key must be a list.")
