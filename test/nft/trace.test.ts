/** Traces of packets, with `nft monitor trace` as the judge. */

import { once } from 'node:events'
import type { Netns, NftTraceEvent } from 'nslink'
import { accept, counter, drop, goBack, icmp, ip, jump, meta, table, udp } from 'nslink/nft'
import { seconds, soon } from '../support/child.js'
import { describe, expect, failure, output, test } from '../support/test.js'

const { add } = table('inet', 't')

/** Collects the steps that are told. */
function traced(ns: Netns): NftTraceEvent[] {
  const steps: NftTraceEvent[] = []
  void (async () => {
    for await (const step of ns.nft.trace()) steps.push(step)
  })().catch(() => undefined)
  return steps
}

/** What `nft` prints of the traces, until a line of it says something. */
async function judged(ns: Netns, until: RegExp, cause: () => Promise<unknown>): Promise<string[]> {
  const judge = ns.spawn('nft', ['monitor', 'trace'], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  judge.stdout?.setEncoding('utf8').on('data', (part) => {
    text += part
  })
  // It has joined its group when it tells of something.
  await soon(async () => {
    await cause()
    return until.test(text)
  }, seconds(10))
  judge.kill()
  await once(judge, 'close')
  return text.split('\n')
}

describe('a trace', () => {
  test('tells each step of a packet, as nft does', async ({ ns }) => {
    await ns.link.set('lo', { up: true })
    const [, , , , , mark, jumping, , inner, , back] = await ns.nft.apply(
      [
        add.table(),
        add.chain('out', { type: 'filter', hook: 'output', priority: 0 }),
        add.chain('inner'),
        add.chain('second'),
        add.chain('in', { type: 'filter', hook: 'input', priority: 0, policy: 'drop' }),
        add.rule('out', icmp.type('echo-request'), meta.nftrace.set(1), meta.mark.set(0x2a)),
        add.rule('out', ip.daddr('127.0.0.1'), jump('inner')),
        add.rule('out', udp.dport(9), accept()),
        add.rule('inner', counter(), jump('second')),
        add.rule('in', ip.daddr('127.0.0.2'), drop()),
        add.rule('second', goBack()),
      ],
      { echo: true },
    )
    const steps = traced(ns)
    const lines = await judged(ns, /policy drop/, () =>
      output(ns, 'ping', '-c1', '-W1', '127.0.0.1').catch(() => undefined),
    )
    const end = steps.findIndex(({ type, verdict }) => type === 'policy' && verdict.kind === 'drop')
    // A packet that comes in by lo is another one than the one that went out.
    const way = steps.slice(end - 5, end + 1)
    expect(way.map(({ type, chain, handle, verdict }) => [type, chain, handle, verdict])).toEqual([
      ['rule', 'out', mark, { kind: 'continue' }],
      ['rule', 'out', jumping, { kind: 'jump', chain: 'inner' }],
      ['rule', 'inner', inner, { kind: 'jump', chain: 'second' }],
      ['rule', 'second', back, { kind: 'return' }],
      ['policy', 'out', undefined, { kind: 'accept' }],
      ['policy', 'in', undefined, { kind: 'drop' }],
    ])
    expect(new Set(way.slice(0, 5).map(({ id }) => id)).size).toBe(1)
    expect(way[5]?.id).not.toBe(way[4]?.id)
    expect(way.every(({ family, table: of }) => family === 'inet' && of === 't')).toBe(true)
    expect(way.at(-1)).toMatchObject({ mark: 0x2a, iif: 'lo', packet: { icmp: { type: 'echo-request' } } })
    expect(way[0]).toMatchObject({
      oif: 'lo',
      packet: {
        ip: { version: 4, saddr: '127.0.0.1', daddr: '127.0.0.1', protocol: 'icmp', ttl: 64 },
        icmp: { type: 'echo-request', code: 'net-unreachable', sequence: 1 },
      },
    })
    // Each of the judge's packets is among those told here, with as many steps.
    const told = (hex: string): string[] => lines.filter((line) => line.startsWith(`trace id ${hex} `))
    const [known] = lines.flatMap((line) => /^trace id (\w+) .*packet: oif "lo"/.exec(line)?.[1] ?? [])
    expect(known).toBeDefined()
    const same = steps.filter((step) => step.id.toString(16) === known?.replace(/^0+/, ''))
    expect(same.map(({ chain }) => chain)).toEqual(
      told(known as string)
        .filter((line) => !line.includes(' packet: '))
        .map((line) => line.split(' ')[5]),
    )
    const first = told(known as string)[0] as string
    const { packet } = same[0] as NftTraceEvent
    expect(first).toContain(`ip id ${packet?.ip?.id} `)
    expect(first).toContain(`ip length ${packet?.ip?.length} `)
  })

  test('shows headers of IPv6, UDP and Ethernet', async ({ ns, another }) => {
    const other = await another()
    await ns.link.add({ kind: 'veth', name: 'v0', up: true, peer: { name: 'v1', netns: other } })
    await other.link.set('v1', { up: true })
    await Promise.all([
      ns.addr.add({ dev: 'v0', address: 'fd00::1/64', nodad: true }),
      other.addr.add({ dev: 'v1', address: 'fd00::2/64', nodad: true }),
    ])
    await other.nft.apply([
      add.table(),
      add.chain('in', { type: 'filter', hook: 'prerouting', priority: 0 }),
      add.rule('in', udp.dport(4000), meta.nftrace.set(1)),
      add.rule('in', udp.dport(4000), drop()),
    ])
    const steps = traced(other)
    const v1 = await other.link.get('v1')
    const program = `
      const socket = require('dgram').createSocket('udp6')
      socket.bind(5000, () => socket.send('hello', 4000, 'fd00::2', () => setTimeout(() => socket.close(), 50)))`
    await soon(async () => {
      await output(ns, process.execPath, '--eval', program)
      return steps.length > 0
    })
    const from = (await ns.link.get('v0')).address
    expect(steps[0]).toMatchObject({
      iif: 'v1',
      packet: {
        ether: { saddr: from, daddr: v1.address, type: 'ip6' },
        ip6: { saddr: 'fd00::1', daddr: 'fd00::2', nexthdr: 'udp', length: 13 },
        udp: { sport: 5000, dport: 4000, length: 13 },
      },
    })
    expect(steps[1]).toMatchObject({ type: 'rule', verdict: { kind: 'drop' } })
    expect(steps[1]).not.toHaveProperty('packet')
  })

  test('ends with the signal and the handle', async ({ ns }) => {
    const controller = new AbortController()
    const ended = failure(() => ns.nft.trace({ signal: controller.signal }).next())
    controller.abort(new Error('enough'))
    expect((await ended).message).toBe('enough')
    expect((await failure(() => ns.nft.trace({ buffer: 1 } as never))).code).toBe('ERR_INVALID_ARG_VALUE')
  })
})
