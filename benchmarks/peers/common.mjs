// The schema, the board and the news that every peer serves.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

export const port = Number(parseArgs({ options: { port: { type: 'string' } } }).values.port);
export const host = '127.0.0.1';
export const typeDefs = readFileSync(new URL('../graph/peers.graphql', import.meta.url), 'utf8');

const file = process.env.EVGRAPH_BENCHMARK_BOARD;
const garage = file ? JSON.parse(readFileSync(file, 'utf8')).data.garage : null;

/** From memory, by a promise as from a database. */
export const loadGarage = async () => garage;

/** Each line on standard input is an energy update of so many Wh. */
export function onUpdate(publish) {
  createInterface({ input: process.stdin }).on('line', (line) => publish(update(Number(line))));
}

function update(energyWh) {
  const cents = Math.floor((energyWh * 25) / 1000);
  return {
    sessionId: 'Q2hhcmdpbmdTZXNzaW9uOjE=',
    portId: 'UG9ydDox',
    requestId: null,
    energyWh,
    energyKwh: energyWh / 1000,
    powerKw: 9.84,
    cost: { cents, formatted: `$${(cents / 100).toFixed(2)}` },
    at: new Date().toISOString(),
  };
}
