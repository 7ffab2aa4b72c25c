/** The examples: each does what it says, each fails without what it is about, and none leaves anything behind. They are compiled before the tests run. */

import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { runInNewContext } from 'node:vm'
import type { NftChange } from 'nslink'
import * as builders from 'nslink/nft'
import { describe, expect, test } from 'vitest'
import { called } from '../examples/lab/written.js'
import { root, run, seconds } from './support/child.js'
import { type Feature, has, needs } from './support/features.js'

const main = join(root, 'out/examples/lab/main.js')

interface About {
  name: string
  title: string
  keys: string[]
  needs?: (Feature | 'root' | `program:${string}`)[]
  gains?: Feature[]
  gainedKeys?: string[]
}

/** One of the lines that `--json` prints, as far as it is looked at here. */
interface Said {
  type: 'step' | 'built' | 'fact' | 'picture' | 'end'
  holds?: boolean
  step?: string
  calls?: string[]
  picture?: string
  reason?: string
}

const lines = <T>(text: string): T[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T)

const examples = lines<About>(execFileSync(process.execPath, [main, '--json'], { encoding: 'utf8' }))

/** Only root of the first user namespace may do everything. */
const isRoot = / 0 +4294967295$/m.test(readFileSync('/proc/self/uid_map', 'utf8'))

/** Names that examples have left in /run/netns. */
const left = (name = ''): string[] =>
  existsSync('/run/netns') ? readdirSync('/run/netns').filter((each) => each.startsWith(`nslink-${name}`)) : []

interface Run {
  code: number | null
  said: Said[]
  stderr: string
}

async function play(name: string, ...options: string[]): Promise<Run> {
  const { pid, stdout, stderr, code } = await run([process.execPath, main, name, '--json', ...options])
  expect(left(`${name}-${pid}-`), 'left behind').toEqual([])
  const folders = readdirSync(tmpdir()).filter((each) => each.startsWith(`nslink-${name}-${pid}-`))
  expect(folders, 'files left behind').toEqual([])
  return { code, said: lines(stdout), stderr }
}

const facts = ({ said }: Run): Said[] => said.filter(({ type }) => type === 'fact')
const reason = ({ said }: Run): string | undefined => said.find(({ type }) => type === 'end')?.reason

/** What of an example's needs is the kernel's. */
const kinds = ({ needs = [] }: About): Feature[] =>
  needs.filter((need): need is Feature => need !== 'root' && !need.startsWith('program:'))

/**
 * What the machine's own kernel lacks, on an emulated one. Examples take minutes there, so only those are played that have something to show for it,
 * and those that could be played on the other one, too, not in every way.
 */
const lacking = process.env['NSLINK_LACKING']?.split(',')
const isLacking = (features: Feature[]): boolean =>
  lacking === undefined || features.some((feature) => lacking.includes(feature))
const worthwhile = (about: About): boolean => isLacking([...kinds(about), ...(about.gains ?? [])])

/**
 * Whether there is a picture of it. The demo is another example, two of them have namespaces with nothing in them, and latency-veth-ipvlan goes
 * on without ipvlan where the kernel has none.
 */
const pictured = ({ name }: About): boolean =>
  !['demo', 'two-ways-in', 'sysctl-inheritance'].includes(name) &&
  (name !== 'latency-veth-ipvlan' || has('link:ipvlan'))

describe.each(examples.filter(worthwhile))('$name', (about) => {
  const { name, keys, gains = [], gainedKeys = [] } = about
  // Some measure, or start dozens of programs, which takes its time on a machine that has other work as well.
  const options = { ...needs(...kinds(about)), timeout: seconds(120) }
  const permitted = isRoot || about.needs?.includes('root') !== true
  const may = test.runIf(permitted)
  const every = test.runIf(permitted && isLacking(kinds(about)))

  may('sees what it expects, and draws what docs/scenarios.md shows', options, async () => {
    const whole = await play(name, ...(pictured(about) ? ['--svg'] : []))
    expect(reason(whole)).toBeUndefined()
    expect(whole).toMatchObject({ code: 0, stderr: '' })
    expect(facts(whole).length).toBeGreaterThan(3)
    expect(facts(whole).every(({ holds }) => holds)).toBe(true)
    // Steps are nslink's work, not that of commands.
    const built = whole.said.filter(({ type }) => type === 'built')
    expect(built.filter(({ calls }) => calls?.length === 0)).toEqual([])
    if (!pictured(about)) return
    const picture = whole.said.find(({ type }) => type === 'picture')?.picture
    await expect(picture).toMatchFileSnapshot(join(root, `docs/scenarios/${name}.svg`))
  })

  every('is the same when it is built by the commands it shows', options, async () => {
    const commanded = await play(name, '--commands')
    expect(reason(commanded)).toBeUndefined()
    expect(commanded).toMatchObject({ code: 0, stderr: '' })
  })

  const steps = [
    ...keys.map((key) => ({ key, options })),
    ...gainedKeys.map((key) => ({ key, options: { ...options, ...needs(...kinds(about), ...gains) } })),
  ]
  for (const { key, options } of steps)
    every(`fails without the step ${key}`, options, async () => {
      const without = await play(name, '--without', key)
      expect(without).toMatchObject({ code: 1, stderr: '' })
      // Because of what was seen, and not for want of something to go on with.
      expect(facts(without).filter(({ holds }) => !holds)).toHaveLength(1)
      expect(reason(without)).toMatch(/^It is not so: /)
    })

  test('is short, and stands on nslink and the lab alone', () => {
    const source = readFileSync(join(root, `examples/${name}.ts`), 'utf8')
    const code = source.split('\n').filter((line) => !/^\s*(\/\/.*|\/?\*.*)?$/.test(line))
    expect(code.length).toBeLessThanOrEqual(120)
    const imports = [...source.matchAll(/ from '([^']+)'/g)].map(([, from]) => from)
    expect(imports.filter((from) => !/^(nslink(\/nft)?|node:.*|\.\/.*)$/.test(from as string))).toEqual([])
  })
})

describe.runIf(lacking === undefined)('npm run example', () => {
  test('lists every file, with a line each', async () => {
    const files = readdirSync(join(root, 'examples')).filter((file) => file.endsWith('.ts'))
    expect(examples.map(({ name }) => `${name}.ts`)).toEqual(files.sort())
    const { stdout } = await run([process.execPath, main])
    for (const { title } of examples) expect(stdout).toContain(title)
    for (const { keys } of examples) expect(keys.length).toBeGreaterThan(0)
  })

  test.each([
    [['no-such-thing'], /^There is no example "no-such-thing"/],
    [['pod-host', 'vxlan'], /^One at a time/],
    [['--wrong'], /^Unknown option '--wrong'/],
  ])('is told what is wrong: %s', async (args, complaint) => {
    const { stderr, stdout, code } = await run([process.execPath, main, ...args])
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(complaint)
  })

  test('a step there is not is not left out in silence', async () => {
    const { code, said } = await play('sysctl-inheritance', '--without', 'sysctl')
    expect(code).toBe(1)
    expect(said.at(-1)?.reason).toBe('There is no step "sysctl".')
  })

  test.runIf(!has('link:ipip'))('says what the kernel lacks', async () => {
    const { code, said } = await play('ipip')
    expect(code).toBe(3)
    expect(said.at(-1)?.reason).toContain('no ipip')
  })

  test.runIf(isRoot)('--keep leaves it standing, and says how to look at it and how to end it', async () => {
    const { stdout, code } = await run([process.execPath, main, 'sysctl-inheritance', '--keep'])
    expect(code).toBe(0)
    const look = /^ +(ip -n \S+-container address)$/m.exec(stdout)?.[1] ?? 'false'
    expect(await run(['sh', '-c', look])).toMatchObject({ code: 0, stderr: '' })
    const end = /^ +And then: (.*)$/m.exec(stdout)?.[1] ?? 'false'
    expect(await run(['sh', '-c', end])).toMatchObject({ code: 0, stderr: '' })
    expect(left('sysctl-inheritance-')).toEqual([])
  })

  test('does without ping, and says who has it', async () => {
    const { stdout, code } = await run([process.execPath, main, 'pod-host'], { PATH: '' })
    expect(stdout).toContain('iputils-ping')
    expect(stdout).toContain('Everything was as expected.')
    expect(code).toBe(0)
  })

  test('starts no program but ping', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nslink-example-'))
    try {
      const trace = join(folder, 'trace')
      const strace = ['strace', '-f', '-qq', '-e', 'trace=execve', '-e', 'signal=none', '-o', trace]
      const { stderr, code } = await run([...strace, process.execPath, main, 'pod-host'])
      expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
      const started = readFileSync(trace, 'utf8').matchAll(/execve\("([^"]+)"/g)
      expect(new Set([...started].map(([, path]) => basename(path as string)))).toEqual(
        new Set([basename(process.execPath), 'ping']),
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('cleans up when %s comes in the middle', async (signal) => {
    const child = spawn(process.execPath, [main, 'pod-host'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (!stdout.includes('[proxy-arp]') && `${stdout}${text}`.includes('[proxy-arp]')) {
        expect(left(`pod-host-${child.pid}-`)).toHaveLength(3)
        child.kill(signal)
      }
      stdout += text
    })
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect(stdout).toContain(`${signal}: cleaning up.`)
    expect(code).toBe(signal === 'SIGINT' ? 130 : 143)
    expect(left(`pod-host-${child.pid}-`)).toEqual([])
  })
})

describe('what is shown of nft.apply', () => {
  const { concat, counter, ct, dnat, drop, fib, goBack, goto, ip, jump, log, meta, numgen, snat, table, tcp } = builders
  const a = table('ip', 'a')
  const b = table('inet', 'the-other')
  const rules: [string, NftChange][] = [
    [
      "a.add.rule('c', ip.daddr.not('10.0.0.1', '10.0.0.2'), drop())",
      a.add.rule('c', ip.daddr.not('10.0.0.1', '10.0.0.2'), drop()),
    ],
    ["a.add.rule('c', ct.state('new'), goto('d'))", a.add.rule('c', ct.state('new'), goto('d'))],
    [
      "a.add.rule('c', tcp.dport('80-90'), dnat('10.0.0.1:80'))",
      a.add.rule('c', tcp.dport('80-90'), dnat('10.0.0.1:80')),
    ],
    [
      "a.add.rule('c', snat('10.0.0.1', { flags: [ 'random' ] }))",
      a.add.rule('c', snat('10.0.0.1', { flags: ['random'] })),
    ],
    ["a.insert.rule('c', meta.mark.and(0xff)(0x1), goBack())", a.insert.rule('c', meta.mark.and(0xff)(1), goBack())],
    ["a.add.rule('c', meta.mark.set(meta.mark.or(0x4000)))", a.add.rule('c', meta.mark.set(meta.mark.or(0x4000)))],
    [
      "a.add.rule('c', meta.mark.set(ct.mark), comment('x'))",
      a.add.rule('c', meta.mark.set(ct.mark), builders.comment('x')),
    ],
    ["a.add.rule('c', fib('daddr').type('local'), counter())", a.add.rule('c', fib('daddr').type('local'), counter())],
    [
      "a.add.rule('c', numgen('inc', 2).vmap([[0, jump('d')]]))",
      a.add.rule('c', numgen('inc', 2).vmap([[0, jump('d')]])),
    ],
    [
      "theOther.add.rule('c', concat(ip.saddr, tcp.dport)([ '10.0.0.1', 80 ]))",
      b.add.rule('c', concat(ip.saddr, tcp.dport)(['10.0.0.1', 80])),
    ],
    ["theOther.add.rule('c', { kind: 'log', prefix: 'x' })", b.add.rule('c', log({ prefix: 'x' }))],
    [
      "theOther.add.chain('c', { type: 'nat', hook: 'output', priority: -100 })",
      b.add.chain('c', { type: 'nat', hook: 'output', priority: -100 }),
    ],
    ["theOther.add.chain('d')", b.add.chain('d')],
    ['theOther.create.table()', b.create.table()],
    ["theOther.flush.chain('d')", b.flush.chain('d')],
    ["{ del: { rule: { family: 'inet', table: 'the-other', chain: 'd', handle: 4 } } }", b.del.rule('d', 4)],
    ['{ flush: { ruleset: {} } }', builders.flushRuleset()],
  ]

  test.each(rules)('%s', (source, change) => {
    const shown = called('host.nft.apply', [[change], { echo: true }])
    expect(shown.split('\n').slice(-2)).toEqual([`  ${source},`, '], { echo: true })'])
    const host = { nft: { apply: (...args: unknown[]) => args } }
    expect(JSON.parse(JSON.stringify(runInNewContext(shown, { ...builders, host })))).toEqual([
      JSON.parse(JSON.stringify([change])),
      { echo: true },
    ])
  })
})
