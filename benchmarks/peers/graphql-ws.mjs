import { createServer } from 'node:http';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { host, onUpdate, port, typeDefs } from './common.mjs';

const readers = new Set();

/** A queue of its own for each subscriber. */
function listen() {
  const waiting = [];
  let wake = null;
  const reader = {
    push(update) {
      waiting.push({ energyUpdated: update });
      wake?.();
      wake = null;
    },
    async next() {
      while (!waiting.length) await new Promise((resolve) => (wake = resolve));
      return { value: waiting.shift(), done: false };
    },
    async return() {
      readers.delete(reader);
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]: () => reader,
  };
  readers.add(reader);
  return reader;
}

const schema = buildSchema(typeDefs);
schema.getSubscriptionType().getFields().energyUpdated.subscribe = listen;
const server = createServer((_, response) => response.end());
useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }));
server.listen(port, host);
onUpdate((update) => readers.forEach((reader) => reader.push(update)));
