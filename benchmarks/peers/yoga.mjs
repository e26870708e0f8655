import { createServer } from 'node:http';
import { setMaxListeners } from 'node:events';
import { useServer } from 'graphql-ws/use/ws';
import { createPubSub, createSchema, createYoga } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import { host, loadGarage, onUpdate, port, typeDefs } from './common.mjs';

const TOPIC = 'energy';
setMaxListeners(0);
const pubSub = createPubSub();
const yoga = createYoga({
  logging: false,
  graphiql: false,
  schema: createSchema({
    typeDefs,
    resolvers: {
      Query: { garage: loadGarage },
      Subscription: { energyUpdated: { subscribe: () => pubSub.subscribe(TOPIC), resolve: (update) => update } },
    },
  }),
});

// As Yoga's documentation has it, "Subscriptions over WebSocket".
const server = createServer(yoga);
useServer(
  {
    execute: (args) => args.rootValue.execute(args),
    subscribe: (args) => args.rootValue.subscribe(args),
    onSubscribe: async (context, _id, params) => {
      const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
        ...context,
        req: context.extra.request,
        socket: context.extra.socket,
        params,
      });
      const args = {
        schema,
        operationName: params.operationName,
        document: parse(params.query),
        variableValues: params.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      };
      const errors = validate(args.schema, args.document);
      return errors.length ? errors : args;
    },
  },
  new WebSocketServer({ server, path: '/graphql' }),
);
server.listen(port, host);
onUpdate((update) => pubSub.publish(TOPIC, update));
