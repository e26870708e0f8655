import Fastify from 'fastify';
import mercurius from 'mercurius';
import { host, loadGarage, onUpdate, port, typeDefs } from './common.mjs';

const TOPIC = 'energy';
const app = Fastify();
app.register(mercurius, {
  schema: typeDefs,
  jit: process.env.JIT ? 1 : 0,
  subscription: true,
  resolvers: {
    Query: { garage: loadGarage },
    Subscription: { energyUpdated: { subscribe: (_, __, { pubsub }) => pubsub.subscribe(TOPIC) } },
  },
});
await app.listen({ port, host });
onUpdate((energyUpdated) => app.graphql.pubsub.publish({ topic: TOPIC, payload: { energyUpdated } }));
