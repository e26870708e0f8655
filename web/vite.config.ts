import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

const server = 'http://127.0.0.1:8000'

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: {
    host: '127.0.0.1',
    proxy: { '/graphql': { target: process.env.EVGRAPH_URL ?? server, ws: true } },
  },
  build: {
    // The server's content security policy allows no data: fonts, so nothing is inlined.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
    rolldownOptions: { input: ['index.html', 'graphiql.html'] },
  },
  test: {
    environment: 'jsdom',
    setupFiles: ['src/lib/test/setup.ts'],
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
    // Typing into a screen takes seconds where other tests have the processor.
    testTimeout: 60_000,
  },
})
