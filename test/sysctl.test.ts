import { readdirSync, readFileSync } from 'node:fs'
import { type Netns, sysctl } from 'nslink'
import { sysctl as direct } from 'nslink/sync'
import { describe, expect, failure, output, test } from './support/test.js'

/** Every parameter under /proc/sys/net that can be read inside a namespace: its path there, and what is in the file. */
async function files(ns: Netns): Promise<Map<string, string>> {
  // grep fails for what cannot be read, having printed everything else.
  const text = await output(ns, 'sh', '-c', 'grep -rs "" /proc/sys/net || true')
  const found = new Map<string, string>()
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) found.set(line.slice('/proc/sys/'.length, colon), line.slice(colon + 1))
  }
  return found
}

const cat = (ns: Netns, path: string): Promise<string> => output(ns, 'cat', `/proc/sys/${path}`)

/** A device whose name holds a dot. */
async function dotted(ns: Netns, name = 'eth0.100'): Promise<void> {
  await ns.link.add({ kind: 'veth', name, peer: { name: 'far' } })
}

describe('get', () => {
  test('gives what is in the file', async ({ ns }) => {
    const all = await files(ns)
    expect(all.size).toBeGreaterThan(300)
    for (const [path, text] of all) {
      const value = await ns.sysctl.get(path)
      expect(typeof value === 'number' ? String(value) : value, path).toBe(text.trim().replaceAll('\t', ' '))
      expect(typeof value, path).toBe(/^(0|-?[1-9]\d{0,14})$/.test(text.trim()) ? 'number' : 'string')
      expect(await ns.sysctl.get(path.replaceAll('/', '.')), path).toBe(value)
    }
  })

  test('knows a number from a text', async ({ ns }) => {
    expect(await ns.sysctl.get('net.ipv4.ip_forward')).toBe(0)
    await ns.sysctl.set('net.ipv4.conf.lo.tag', -17)
    expect(await ns.sysctl.get('net.ipv4.conf.lo.tag')).toBe(-17)
    await ns.sysctl.set('net.ipv4.tcp_rmem', '4096 131072 6291456')
    expect(await ns.sysctl.get('net.ipv4.tcp_rmem')).toBe('4096 131072 6291456')
    expect(await cat(ns, 'net/ipv4/tcp_rmem')).toBe('4096\t131072\t6291456\n')
    expect(await ns.sysctl.get('net.ipv4.tcp_available_congestion_control')).toMatch(/^[a-z]+( [a-z]+)*$/)
    await ns.sysctl.set('net.ipv4.ip_local_reserved_ports', '')
    expect(await ns.sysctl.get('net.ipv4.ip_local_reserved_ports')).toBe('')
  })
})

describe('set', () => {
  test('takes numbers, texts and booleans', async ({ ns, sync }) => {
    const cases: [string, string | number | boolean, string, string | number][] = [
      ['net.ipv4.ip_forward', true, '1\n', 1],
      ['net.ipv4.ip_forward', false, '0\n', 0],
      ['net.ipv4.ip_default_ttl', 77, '77\n', 77],
      ['net.ipv4.ip_default_ttl', ' 78 ', '78\n', 78],
      ['net.ipv4.tcp_congestion_control', 'reno', 'reno\n', 'reno'],
      ['net.ipv4.ip_local_port_range', '20000 30000', '20000\t30000\n', '20000 30000'],
      ['net.ipv4.ip_local_reserved_ports', '8080,9000-9010', '8080,9000-9010\n', '8080,9000-9010'],
      ['net.ipv4.ip_local_reserved_ports', '', '\n', ''],
      ['net/ipv6/conf/all/hop_limit', 33, '33\n', 33],
    ]
    for (const [name, value, text, back] of cases) {
      const path = name.replaceAll('.', '/')
      await ns.sysctl.set(name, value)
      expect(await cat(ns, path)).toBe(text)
      expect(await ns.sysctl.get(name)).toBe(back)
      expect(sync.sysctl.get(name)).toBe(back)
    }
    sync.sysctl.set('net.ipv4.ip_default_ttl', 79)
    expect(await cat(ns, 'net/ipv4/ip_default_ttl')).toBe('79\n')
  })

  test('sets it in one namespace and no other', async ({ ns, another }) => {
    const other = await another()
    const own = (): string => readFileSync('/proc/sys/net/ipv4/ip_default_ttl', 'utf8')
    const before = own()
    const value = Number(before) === 99 ? 98 : 99
    await ns.sysctl.set('net.ipv4.ip_default_ttl', value)
    expect(await ns.sysctl.get('net.ipv4.ip_default_ttl')).toBe(value)
    expect(await other.sysctl.get('net.ipv4.ip_default_ttl')).not.toBe(value)
    expect(own()).toBe(before)
    expect(await sysctl.get('net.ipv4.ip_default_ttl')).toBe(Number(before))
    expect(direct.get('net.ipv4.ip_default_ttl')).toBe(Number(before))
  })

  test('a device is that of the namespace', async ({ ns, another }) => {
    const other = await another()
    await dotted(ns, 'here')
    await ns.sysctl.set('net.ipv4.conf.here.proxy_arp', 1)
    expect(await cat(ns, 'net/ipv4/conf/here/proxy_arp')).toBe('1\n')
    expect(await failure(() => other.sysctl.get('net.ipv4.conf.here.proxy_arp'))).toMatchObject({ code: 'ENOENT' })
  })
})

describe('names', () => {
  test('of devices that hold dots, in every spelling', async ({ ns }) => {
    await dotted(ns)
    await ns.link.add({ kind: 'veth', name: 'eth0', peer: { name: 'other' } })
    const spellings = [
      'net.ipv4.conf.eth0.100.rp_filter',
      'net.ipv4.conf.eth0/100.rp_filter',
      'net/ipv4/conf/eth0.100/rp_filter',
    ]
    for (const [index, name] of spellings.entries()) {
      await ns.sysctl.set(name, index % 3)
      expect(await cat(ns, 'net/ipv4/conf/eth0.100/rp_filter')).toBe(`${index % 3}\n`)
      for (const other of spellings) expect(await ns.sysctl.get(other)).toBe(index % 3)
    }
    // The device that has the first half of the name is another one.
    expect(await ns.sysctl.get('net.ipv4.conf.eth0.rp_filter')).toBe(0)
    await ns.sysctl.set('net.ipv6.conf.eth0.100.hop_limit', 31)
    await ns.sysctl.set('net.ipv4.neigh.eth0.100.retrans_time_ms', 1200)
    await ns.sysctl.set('net.ipv6.neigh.eth0.100.retrans_time_ms', 4400)
    expect(await cat(ns, 'net/ipv6/conf/eth0.100/hop_limit')).toBe('31\n')
    expect(await cat(ns, 'net/ipv4/neigh/eth0.100/retrans_time_ms')).toBe('1200\n')
    expect(await cat(ns, 'net/ipv6/neigh/eth0.100/retrans_time_ms')).toBe('4400\n')
  })

  test('of devices that hold nearly nothing but dots', async ({ ns }) => {
    for (const name of ['a..b', '.a', 'a.', '...', 'a.b.c.d']) {
      await dotted(ns, name)
      await ns.sysctl.set(`net.ipv4.conf.${name}.tag`, 5)
      expect(await cat(ns, `net/ipv4/conf/${name}/tag`)).toBe('5\n')
      expect(await ns.sysctl.get(`net.ipv4.conf.${name.replaceAll('.', '/')}.tag`)).toBe(5)
      expect(await ns.sysctl.list(`net.ipv4.conf.${name}`)).toMatchObject({
        [`net.ipv4.conf.${name.replaceAll('.', '/')}.tag`]: 5,
      })
      await ns.link.del(name)
    }
  })

  const bad: [string, unknown, string][] = [
    ['nothing', '', 'ERR_INVALID_ARG_VALUE'],
    ['no text', 42, 'ERR_INVALID_ARG_TYPE'],
    ['undefined', undefined, 'ERR_INVALID_ARG_TYPE'],
    ['the whole tree', 'net', 'ERR_INVALID_ARG_VALUE'],
    ['another tree', 'kernel.hostname', 'ERR_INVALID_ARG_VALUE'],
    ['another tree, with slashes', 'vm/swappiness', 'ERR_INVALID_ARG_VALUE'],
    ['a tree that only begins alike', 'network.x', 'ERR_INVALID_ARG_VALUE'],
    ['an absolute path', '/etc/passwd', 'ERR_INVALID_ARG_VALUE'],
    ['an absolute path that would be right', '/proc/sys/net/ipv4/ip_forward', 'ERR_INVALID_ARG_VALUE'],
    ['the parent folder', 'net/../kernel/hostname', 'ERR_INVALID_ARG_VALUE'],
    ['the parent folder, exchanged', 'net.//.kernel.hostname', 'ERR_INVALID_ARG_VALUE'],
    ['the same folder', 'net/./ipv4/ip_forward', 'ERR_INVALID_ARG_VALUE'],
    ['an empty part', 'net..ipv4', 'ERR_INVALID_ARG_VALUE'],
    ['an empty part between slashes', 'net//ipv4/ip_forward', 'ERR_INVALID_ARG_VALUE'],
    ['an empty part at the end', 'net.ipv4.', 'ERR_INVALID_ARG_VALUE'],
    ['an empty part at the end, with a slash', 'net/ipv4/ip_forward/', 'ERR_INVALID_ARG_VALUE'],
    ['an empty part at the beginning', '.net.ipv4', 'ERR_INVALID_ARG_VALUE'],
    ['a NUL', 'net.ipv4.ip_forward\0', 'ERR_INVALID_ARG_VALUE'],
  ]

  test.for(bad)('must not be: %s', async ([, name, code], { ns }) => {
    const given = name as string
    for (const call of [() => ns.sysctl.get(given), () => ns.sysctl.set(given, 1), () => ns.sysctl.list(given)]) {
      const error = await failure(call)
      expect(error).toBeInstanceOf(TypeError)
      expect(error).toMatchObject({ code, message: expect.stringContaining('The "name" option') })
    }
  })

  test('must not have a device that is no name', async ({ ns }) => {
    for (const name of ['net.ipv4.conf..tag', 'net.ipv4.conf...tag', 'net.ipv4.conf....tag', 'net/ipv4/conf/../tag']) {
      expect(await failure(() => ns.sysctl.get(name)), name).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
      expect(await failure(() => ns.sysctl.set(name, 1)), name).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    }
  })

  test('outside net: the error says why', async ({ ns }) => {
    const error = await failure(() => ns.sysctl.get('kernel.hostname'))
    expect(error.message).toMatch(/must begin with 'net\.'.*network namespace/)
  })
})

describe('errors', () => {
  test('what is not there is named', async ({ ns }) => {
    await dotted(ns)
    const cases: [string, string][] = [
      ['net.ipv4.conf.nope.rp_filter', 'there is no device "nope" under net.ipv4.conf'],
      ['net.ipv6.neigh.no.pe.retrans_time', 'there is no device "no.pe" under net.ipv6.neigh'],
      ['net.ipv4.conf.eth0.100.rp_philter', 'there is nothing of that name'],
      ['net.ipv4.nope', 'there is nothing of that name'],
      ['net.nope', 'there is nothing of that name'],
    ]
    for (const [name, why] of cases) {
      for (const [verb, call] of [
        ['get', () => ns.sysctl.get(name)],
        ['set', () => ns.sysctl.set(name, 1)],
      ] as const) {
        const error = await failure(call)
        expect(error).toMatchObject({ name: 'NetlinkError', code: 'ENOENT', syscall: 'open' })
        expect(error.message).toContain(`sysctl.${verb} ${name} in namespace net:[${ns.inode}]: ENOENT: ${why}`)
      }
    }
    expect((await failure(() => ns.sysctl.list('net.ipv4.conf.nope'))).message).toContain('no device "nope"')
    expect(await failure(() => ns.sysctl.list('net.nope'))).toMatchObject({ code: 'ENOENT' })
  })

  test('a value that is not taken', async ({ ns }) => {
    const cases: [string, string | number, string, string][] = [
      ['net.ipv4.ip_forward', 'abc', 'EINVAL', "it does not take 'abc'"],
      ['net.ipv4.ip_forward', '', 'EINVAL', "it does not take ''"],
      ['net.ipv4.ip_default_ttl', 1000, 'EINVAL', "it does not take '1000'"],
      ['net.ipv4.ip_local_port_range', '5 abc', 'EINVAL', "it does not take '5 abc'"],
      ['net.ipv4.tcp_congestion_control', 'nope', 'ENOENT', "it does not take 'nope'"],
      ['net.ipv4.ip_forward', '1 abc', 'EINVAL', "it took only the beginning of '1 abc'"],
    ]
    for (const [name, value, code, why] of cases) {
      const error = await failure(() => ns.sysctl.set(name, value))
      expect(error).toMatchObject({ name: 'NetlinkError', code, syscall: 'write' })
      expect(error.message).toContain(`sysctl.set ${name} in namespace net:[${ns.inode}]: ${code}: ${why}`)
    }
  })

  test('a value that no parameter could take', async ({ ns, sync }) => {
    const cases: [unknown, string][] = [
      [1.5, 'ERR_OUT_OF_RANGE'],
      [Number.NaN, 'ERR_OUT_OF_RANGE'],
      [2 ** 53, 'ERR_OUT_OF_RANGE'],
      ['1\n0', 'ERR_INVALID_ARG_VALUE'],
      ['1\0', 'ERR_INVALID_ARG_VALUE'],
      [undefined, 'ERR_INVALID_ARG_TYPE'],
      [null, 'ERR_INVALID_ARG_TYPE'],
      [[1], 'ERR_INVALID_ARG_TYPE'],
    ]
    for (const [value, code] of cases) {
      const error = await failure(() => ns.sysctl.set('net.ipv4.ip_forward', value as string))
      expect(error).toMatchObject({ code, message: expect.stringContaining('The "value" option') })
      expect(await failure(() => sync.sysctl.set('net.ipv4.ip_forward', value as string))).toMatchObject({ code })
    }
    expect(await cat(ns, 'net/ipv4/ip_forward')).toBe('0\n')
  })

  test('what cannot be read, and what cannot be written', async ({ ns }) => {
    const flush = await failure(() => ns.sysctl.get('net.ipv4.route.flush'))
    expect(flush).toMatchObject({ code: 'EACCES', message: expect.stringContaining('it cannot be read') })
    await ns.sysctl.set('net.ipv4.route.flush', 1)
    const fixed = await failure(() => ns.sysctl.set('net.ipv4.tcp_available_congestion_control', 'reno'))
    expect(fixed).toMatchObject({ code: 'EACCES', message: expect.stringMatching(/cannot be changed.*CAP_NET_ADMIN/) })
    const unset = await failure(() => ns.sysctl.get('net.ipv6.conf.lo.stable_secret'))
    expect(unset).toMatchObject({ code: 'EIO', message: expect.stringContaining('it has no value yet') })
    for (const call of [() => ns.sysctl.get('net.ipv4'), () => ns.sysctl.set('net.ipv4.conf.lo', 1)]) {
      expect(await failure(call)).toMatchObject({
        code: 'EISDIR',
        message: expect.stringContaining('a group of parameters'),
      })
    }
  })

  test('use of a handle that is closed', async ({ another }) => {
    const ns = await another()
    ns.close()
    for (const call of [
      () => ns.sysctl.get('net.ipv4.ip_forward'),
      () => ns.sysctl.set('net.ipv4.ip_forward', 1),
      () => ns.sysctl.list('net.ipv4'),
    ]) {
      expect(await failure(call)).toMatchObject({ code: 'ERR_NSLINK_CLOSED' })
    }
  })
})

describe('list', () => {
  test('gives every parameter that can be read', async ({ ns, sync }) => {
    await dotted(ns)
    const all = await files(ns)
    const groups = [
      ...new Set([...all.keys()].filter((path) => path.split('/').length > 2).map((path) => path.split('/')[1])),
    ]
    expect(groups).toEqual(expect.arrayContaining(['core', 'ipv4', 'ipv6', 'unix']))
    const listed: Record<string, string | number> = {}
    for (const group of groups) Object.assign(listed, await ns.sysctl.list(`net.${group}`))
    const paths = Object.keys(listed).map((name) =>
      name
        .split('.')
        .map((part) => part.replaceAll('/', '.'))
        .join('/'),
    )
    expect(paths.sort()).toEqual([...all.keys()].filter((path) => path.split('/').length > 2).sort())
    for (const [name, value] of Object.entries(listed)) expect(await ns.sysctl.get(name), name).toBe(value)
    for (const group of groups) expect(listed).toMatchObject(sync.sysctl.list(`net.${group}`))
  })

  test('gives a group, of this namespace', async ({ ns, another }) => {
    const other = await another()
    await dotted(ns)
    const group = await ns.sysctl.list('net.ipv4.conf')
    expect(group['net.ipv4.conf.eth0/100.rp_filter']).toBe(0)
    expect(Object.keys(group).every((name) => name.startsWith('net.ipv4.conf.'))).toBe(true)
    expect(await other.sysctl.list('net/ipv4/conf')).not.toHaveProperty(['net.ipv4.conf.eth0/100.rp_filter'])
    const device = await ns.sysctl.list('net.ipv4.conf.eth0.100')
    expect(await ns.sysctl.list('net/ipv4/conf/eth0.100')).toEqual(device)
    expect(await ns.sysctl.list('net.ipv4.conf.eth0/100')).toEqual(device)
    expect(Object.keys(device)).toEqual(Object.keys(group).filter((name) => name.startsWith('net.ipv4.conf.eth0/100.')))
    expect(await failure(() => ns.sysctl.list('net.ipv4.ip_forward'))).toMatchObject({
      code: 'ENOTDIR',
      message: expect.stringContaining('it is a parameter'),
    })
  })

  test('leaves no descriptor open', async ({ ns, sync }) => {
    const open = (): number => readdirSync('/proc/self/fd').length
    await ns.sysctl.list('net.ipv4')
    const before = open()
    await ns.sysctl.list('net.ipv6')
    sync.sysctl.list('net.ipv6')
    await failure(() => ns.sysctl.list('net.nope'))
    await failure(() => ns.sysctl.get('net.ipv4.conf.nope.rp_filter'))
    expect(open()).toBe(before)
  })
})
