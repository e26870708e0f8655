// The limit of those that build on `ws`: one frame, made once, to all. No GraphQL.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { host, onUpdate, port } from './common.mjs';

const server = createServer((_, response) => response.end());
const sockets = new WebSocketServer({ server, path: '/graphql', handleProtocols: () => 'graphql-transport-ws' });
const watching = new Set();
sockets.on('connection', (socket) => {
  socket.on('message', (text) => {
    const { type } = JSON.parse(text);
    if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
    if (type === 'subscribe') watching.add(socket);
  });
  socket.on('close', () => watching.delete(socket));
});
server.listen(port, host);
onUpdate((energyUpdated) => {
  const message = { id: '1', type: 'next', payload: { data: { energyUpdated } } };
  const frame = Buffer.from(JSON.stringify(message));
  for (const socket of watching) socket.send(frame, { binary: false });
});
