import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { host, loadGarage, port, typeDefs } from './common.mjs';

const server = new ApolloServer({
  typeDefs,
  resolvers: { Query: { garage: loadGarage } },
  introspection: false,
});
await startStandaloneServer(server, { listen: { port, host } });
