// Draws what GET /api/charge-points says, once a second, and posts what is pressed.

const EVERY_MS = 1000;
const list = document.getElementById("charge-points");
const summary = document.getElementById("summary");
const problem = document.getElementById("problem");
const make = document.getElementById("make");
const stateOfCharge = document.getElementById("state-of-charge");
const cards = new Map();

function copy(templateId) {
  return document.getElementById(templateId).content.firstElementChild.cloneNode(true);
}

function pathOf(identity, connectorId) {
  const chargePoint = `/api/charge-points/${encodeURIComponent(identity)}`;
  return connectorId === null ? chargePoint : `${chargePoint}/connectors/${connectorId}`;
}

function complain(text) {
  problem.textContent = text;
  problem.hidden = text === "";
}

function nextCar() {
  return make.value === "" ? {} : { make: make.value, state_of_charge: Number(stateOfCharge.value) / 100 };
}

// A number field that holds no number reads as "", and that as 0: a full session instead of the one that was meant.
function isBatteryKnown() {
  return make.value === "" || (stateOfCharge.value !== "" && stateOfCharge.checkValidity());
}

async function press(identity, connectorId, action) {
  if (action === "plug-in" && !isBatteryKnown()) {
    complain("Enter the battery level as a whole number from 0 to 100.");
    return;
  }
  const body = action === "plug-in" ? JSON.stringify(nextCar()) : undefined;
  try {
    const response = await fetch(`${pathOf(identity, connectorId)}/${action}`, { method: "POST", body });
    const answer = await response.json();
    complain(response.ok ? "" : answer.error);
  } catch {
    complain("The simulator does not answer.");
  }
  await refresh();
}

function listen(element, identity, connectorId) {
  for (const button of element.querySelectorAll(":scope > footer button, :scope > .hands button")) {
    button.addEventListener("click", () => press(identity, connectorId, button.dataset.action));
  }
}

function makeCard(chargePoint) {
  const card = copy("charge-point");
  card.querySelector("h2").textContent = chargePoint.identity;
  listen(card, chargePoint.identity, null);
  const rows = new Map();
  for (const connector of chargePoint.connectors) {
    const row = copy("connector");
    row.querySelector(".number").textContent = chargePoint.connectors.length > 1 ? connector.connector_id : "";
    listen(row, chargePoint.identity, connector.connector_id);
    card.querySelector(".connectors").append(row);
    rows.set(connector.connector_id, row);
  }
  list.append(card);
  return { card, rows };
}

function show(element, selector, isShown) {
  element.querySelector(selector).hidden = !isShown;
}

function drawConnector(row, connector) {
  const { car } = connector;
  const status = row.querySelector(".status");
  status.textContent = connector.error_code === null ? connector.status : `${connector.status}: ${connector.error_code}`;
  status.dataset.status = connector.status;
  row.querySelector(".car").textContent =
    car === null ? "no car" : `${car.make}, ${Math.round(car.state_of_charge * 100)}\u00a0%`;
  row.querySelector(".power").textContent = `${(connector.power_w / 1000).toFixed(1)} kW`;
  row.querySelector(".energy").textContent =
    connector.energy_wh === null ? "" : `${(connector.energy_wh / 1000).toFixed(2)} kWh`;
  row.querySelector(".register").textContent = `meter ${(connector.register_wh / 1000).toFixed(2)} kWh`;
  row.querySelector("meter").value = car === null ? 0 : car.state_of_charge;
  show(row, "[data-action=plug-in]", car === null);
  show(row, "[data-action=unplug]", car !== null);
  show(row, "[data-action=fault]", connector.error_code === null);
  show(row, "[data-action=clear-fault]", connector.error_code !== null);
}

function drawChargePoint({ card, rows }, chargePoint) {
  const link = card.querySelector(".link");
  link.textContent = chargePoint.connected ? "connected" : `offline, ${chargePoint.queued_messages} queued`;
  link.classList.toggle("connected", chargePoint.connected);
  const trouble = card.querySelector(".trouble");
  trouble.textContent = chargePoint.problem ?? "";
  trouble.hidden = chargePoint.connected || chargePoint.problem === null;
  show(card, "[data-action=go-offline]", !chargePoint.cut);
  show(card, "[data-action=come-back]", chargePoint.cut);
  for (const connector of chargePoint.connectors) {
    drawConnector(rows.get(connector.connector_id), connector);
  }
}

function draw(chargePoints) {
  for (const chargePoint of chargePoints) {
    if (!cards.has(chargePoint.identity)) {
      cards.set(chargePoint.identity, makeCard(chargePoint));
    }
    drawChargePoint(cards.get(chargePoint.identity), chargePoint);
  }
  const connectors = chargePoints.flatMap((chargePoint) => chargePoint.connectors);
  const charging = connectors.filter((connector) => connector.power_w > 0);
  const power = charging.reduce((sum, connector) => sum + connector.power_w, 0);
  summary.textContent =
    `${chargePoints.length} charge points, ${charging.length} of ${connectors.length} connectors charging, ` +
    `${(power / 1000).toFixed(1)} kW`;
}

async function refresh() {
  try {
    const response = await fetch("/api/charge-points");
    draw(await response.json());
    if (problem.textContent === "The simulator has ended.") {
      complain("");
    }
  } catch {
    complain("The simulator has ended.");
  }
}

async function listModels() {
  const response = await fetch("/api/car-models");
  for (const model of await response.json()) {
    make.append(new Option(model.make, model.make));
  }
}

function hideBatteryOfAnyCar() {
  stateOfCharge.parentElement.hidden = make.value === "";
}

async function begin() {
  make.addEventListener("change", hideBatteryOfAnyCar);
  hideBatteryOfAnyCar();
  await listModels().catch(() => complain("The simulator has ended."));
  for (;;) {
    await refresh();
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

begin();
