import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (file: string): string => fileURLToPath(new URL(`src/${file}`, import.meta.url))

export default defineConfig({
  resolve: {
    // Tests use the package by its name and run its sources.
    alias: [
      { find: /^nslink$/, replacement: source('index.ts') },
      { find: /^nslink\/sync$/, replacement: source('sync.ts') },
      { find: /^nslink\/nft$/, replacement: source('nft/builders.ts') },
      { find: /^nslink\/rootless$/, replacement: source('rootless.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // Namespaces belong to threads: a test file has a process, and thereby a main thread, of its own.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    allowOnly: false,
    reporters: ['default', ['json', { outputFile: 'out/test/results.json' }]],
  },
})
