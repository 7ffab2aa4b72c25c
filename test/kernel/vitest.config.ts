/** The suite as it runs inside the second kernel; docs/kernels.md tells of it. */

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import ordinary from '../../vitest.config.js'

const compiled = fileURLToPath(new URL('../../out/modules', import.meta.url))

export default defineConfig({
  resolve: {
    // Each module by itself, as the tests look inside. Compiling the sources for each file of tests would take longer than many a test.
    alias: [
      { find: /^nslink$/, replacement: `${compiled}/index.js` },
      { find: /^nslink\/(sync|rootless)$/, replacement: `${compiled}/$1.js` },
      { find: /^nslink\/nft$/, replacement: `${compiled}/nft/builders.js` },
      { find: /^(\.\.\/)+src\//, replacement: `${compiled}/` },
    ],
  },
  test: {
    ...ordinary.test,
    server: { deps: { external: [new RegExp(`^${compiled}/`)] } },
    exclude: [
      // These ask no running kernel: the compiler about headers, JavaScript about bytes, and Node.js about threads that end in its middle.
      'test/constants.test.ts',
      'test/netlink/{address,attributes,compile}.test.ts',
      'test/native/{poll,threads}.test.ts',
      // What goes out together, what is left in the process, and its threads are nslink's own doing, the same on every kernel.
      'test/{batch,resources,threads}.test.ts',
      // Processes by the hundred, each of which would take seconds to start. What they ask of the kernel other tests ask it, too.
      'test/{cni,flannel}.test.ts',
    ],
    // Emulation makes JavaScript some ten times slower, and a test that needs('speed') would learn nothing.
    env: { NSLINK_EMULATED: '1' },
    // An emulated machine stands still for seconds when its host has other work; what fails for that does not fail every time.
    retry: 2,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 100_000,
    slowTestThreshold: 10_000,
    expect: { poll: { timeout: 10_000 } },
    reporters: ['default', ['json', { outputFile: '/dev/virtio-ports/results' }]],
  },
})
