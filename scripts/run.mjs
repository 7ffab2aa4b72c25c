// node scripts/run.mjs PROGRAM ARGUMENTS... : runs a Node program of this project from a bare clone, as root or not.
import { launch } from './launch.mjs'
import { setup } from './setup.mjs'

await setup()
process.exit(await launch(process.argv.slice(2)))
