/** `npm run example`: lists the examples, or runs one. */

import { readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { run } from './run.js'
import type { Example } from './scenario.js'

const USAGE = `npm run example [NAME] [-- OPTIONS]

  --keep          leave it standing, and say how to look at it
  --json          a line of JSON for each thing that is done and seen; without NAME, for each example
  --topology      print only a picture of it, for Mermaid; with --json, as one of the lines
  --svg           the same as SVG
  --chart         print only a picture of what was measured, as SVG, where something is
  --without STEP  leave a step out; its name is the one in brackets
  --commands      build it by the commands that are shown instead of nslink

It ends with 0 when everything was as expected, 1 when not, 2 when it was called wrongly, 3 when the kernel lacks something.
`

const { values: choices, positionals } = parse()
const [name, ...others] = positionals
if (choices.help) print(USAGE)
else if (name === undefined) await list()
else process.exitCode = await run(await find(name), choices)
// Signals that are listened to, and workers that are ending, would keep it waiting.
process.exit()

function parse() {
  const no = { type: 'boolean', default: false } as const
  const without = { type: 'string', multiple: true, default: [] as string[] } as const
  const options = { keep: no, json: no, topology: no, svg: no, chart: no, without, commands: no, help: no }
  try {
    return parseArgs({ allowPositionals: true, options })
  } catch (error) {
    return misused((error as Error).message)
  }
}

function misused(why: string): never {
  process.stderr.write(`${why}\n\n${USAGE}`)
  process.exit(2)
}

/** Every file beside this folder is an example. */
function names(): string[] {
  const files = readdirSync(new URL('../', import.meta.url))
  return files.flatMap((file) => /^(.*)\.js$/.exec(file)?.[1] ?? []).sort()
}

async function load(name: string): Promise<Example> {
  const { default: example } = (await import(`../${name}.js`)) as { default: Example }
  return example
}

async function find(name: string): Promise<Example> {
  if (others.length > 0) misused(`One at a time, please: not ${others.join(' ')} as well.`)
  if (!names().includes(name)) misused(`There is no example "${name}". There are: ${names().join(', ')}.`)
  return load(name)
}

async function list(): Promise<void> {
  const examples = await Promise.all(names().map(load))
  const width = Math.max(...examples.map((each) => each.name.length))
  for (const { story: _, ...about } of examples) {
    print(choices.json ? `${JSON.stringify(about)}\n` : `${about.name.padEnd(width)}  ${about.title}\n`)
  }
  if (!choices.json) print(`\n${USAGE}`)
}

function print(text: string): void {
  process.stdout.write(text)
}
