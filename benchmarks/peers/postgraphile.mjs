// On EVGraph's own tables in PostgreSQL, as they are.
import './node20.mjs';
import { createServer } from 'node:http';
import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { host, port } from './common.mjs';

const pgl = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString: process.env.EVGRAPH_BENCHMARK_DATABASE, schemas: ['public'] })],
  grafserv: { port, graphiql: false, graphqlPath: '/graphql' },
  grafast: { explain: false },
});
const server = createServer();
await pgl.createServ(grafserv).addTo(server);
server.listen(port, host);
