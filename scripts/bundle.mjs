// node scripts/bundle.mjs : joins the modules of src/ into the few files of dist/ that are loaded, after compile.mjs has checked them.
import { lstatSync, statSync, symlinkSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { root } from './step.mjs'

const dist = join(root, 'dist')
const { mtime } = statSync(join(root, 'out/modules/index.js'))

const bundle = await rolldown({
  cwd: root,
  // What `exports` in package.json names. What they share is in files of its own: an error has one class, whoever imports it.
  input: {
    index: 'src/index.ts',
    sync: 'src/sync.ts',
    'nft/builders': 'src/nft/builders.ts',
    rootless: 'src/rootless.ts',
  },
  platform: 'node',
  tsconfig: 'tsconfig.build.json',
  resolve: { extensionAlias: { '.js': ['.ts'] } },
})
const { output } = await bundle.write({
  dir: dist,
  // Beside the others, for the addon is looked for from where the file is.
  chunkFileNames: 'shared-[name].js',
  minifyInternalExports: false,
  sourcemap: true,
})
await bundle.close()

// As old as what the compiler wrote: an edit made meanwhile is newer.
for (const { fileName } of output) utimesSync(join(dist, fileName), mtime, mtime)

// The single modules, which some tests and benchmarks load, look for the addon in the same way.
const link = join(root, 'out/build')
if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync('../build', link)
