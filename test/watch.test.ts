import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type Link, link as ownLink, type Route, type WatchChange, type WatchOptions, watch } from 'nslink'
import { link as directLink } from 'nslink/sync'
import { held, script, soon } from './support/child.js'
import { describe, expect, failure, type Lab, test } from './support/test.js'

/** A pair of veth, up, the near end with an address. */
async function pair({ ns }: Pick<Lab, 'ns'>): Promise<void> {
  await ns.link.add({ kind: 'veth', name: 'v0', addrGenMode: 'none', up: true, peer: { name: 'v1' } })
  await ns.link.set('v1', { addrGenMode: 'none', up: true })
  await ns.addr.add({ dev: 'v0', address: '10.0.0.1/24' })
}

describe('a watch', () => {
  test('is a map of what there is, kept true', async ({ ns, ip }) => {
    await pair({ ns })
    using routes = ns.watch('route', { where: ({ table, family }) => table === 'main' && family === 'inet' })
    const changes: WatchChange<Route>[] = []
    routes.on('change', (change) => changes.push(change))
    expect(routes.size).toBe(0)
    expect(await routes.ready).toBe(routes)
    expect(changes).toEqual([])
    const dsts = (): string[] => Array.from(routes.values(), ({ dst }) => dst).sort()
    expect(dsts()).toEqual(['10.0.0.0/24'])

    await ip('route', 'add', '192.0.2.0/24', 'via', '10.0.0.2')
    await ip('route', 'replace', '192.0.2.0/24', 'via', '10.0.0.3')
    await ip('route', 'add', '198.51.100.0/24', 'via', '10.0.0.2', 'table', '7')
    await ip('route', 'del', '192.0.2.0/24')
    expect(await soon(() => changes.length === 3)).toBe(true)
    expect(changes.map(({ type, value, before }) => [type, value?.via, before?.via])).toEqual([
      ['new', '10.0.0.2', undefined],
      ['change', '10.0.0.3', '10.0.0.2'],
      ['del', undefined, '10.0.0.3'],
    ])
    expect(new Set(changes.map(({ key }) => key)).size).toBe(1)
    expect(dsts()).toEqual(['10.0.0.0/24'])

    const [[key, value]] = [...routes] as [[string, Route]]
    expect([routes.get(key), routes.has(key), [...routes.keys()], [...routes.entries()]]).toEqual([
      value,
      true,
      [key],
      [[key, value]],
    ])
    const seen: unknown[] = []
    routes.forEach((...args) => {
      seen.push(args)
    })
    expect(seen).toEqual([[value, key, routes]])
    await ip('link', 'set', 'v0', 'down')
    expect(await soon(() => routes.size === 0)).toBe(true)
  })

  test('lets an agent put back what somebody deleted', async ({ ns, ip }) => {
    await pair({ ns })
    const wanted = { dst: '192.0.2.0/24', via: '10.0.0.2', metric: 7 } as const
    await ns.route.add({ ...wanted, protocol: 'static' })
    using routes = ns.watch('route', { where: ({ dst }) => dst === wanted.dst })
    const failed: unknown[] = []
    routes.on('change', ({ type, before }) => {
      if (type === 'del') ns.route.add(before).catch((error) => failed.push(error))
    })
    await routes.ready
    for (let round = 0; round < 20; round++) {
      await ip('route', 'del', wanted.dst)
      expect(await soon(async () => (await ns.route.list({ dst: wanted.dst })).length === 1)).toBe(true)
    }
    expect(await ns.route.list({ dst: wanted.dst })).toMatchObject([{ ...wanted, protocol: 'static', dev: 'v0' }])
    expect(failed).toEqual([])
  })

  test('has an object that comes to pass, and loses one that no longer does', async ({ ns, ip }) => {
    await pair({ ns })
    using links = ns.watch('link', { where: ({ up }) => up })
    const changes: string[] = []
    links.on('change', ({ type, value, before }) => changes.push(`${type} ${(value ?? before)?.name}`))
    await links.ready
    await ip('link', 'set', 'lo', 'up')
    await ip('link', 'set', 'lo', 'mtu', '1500')
    await ip('link', 'set', 'lo', 'down')
    expect(await soon(() => changes.at(-1) === 'del lo')).toBe(true)
    expect(changes.filter((each) => / lo$/.test(each))).toEqual(['new lo', 'change lo', 'del lo'])
  })

  test('ends when it is told to, and leaves nothing behind', async ({ ns, another }) => {
    await ns.link.list()
    const before = held()
    const ended: string[] = []
    const listen = (name: string, events: { on(event: 'close', listener: () => void): unknown }): void => {
      events.on('close', () => ended.push(name))
    }
    const closed = ns.watch('link')
    listen('closed', closed)
    await closed.ready
    closed.close()
    closed.close()

    const controller = new AbortController()
    const reason = new Error('enough')
    const aborted = ns.watch('link', { signal: controller.signal })
    listen('aborted', aborted)
    controller.abort(reason)
    expect(await failure(() => aborted.ready)).toBe(reason)
    expect(await failure(() => ns.watch('link', { signal: controller.signal }))).toBe(reason)
    expect(await soon(() => isDeepStrictEqual(held(), before))).toBe(true)

    const other = await another()
    const left = other.watch('link')
    listen('left', left)
    await left.ready
    other.close()
    expect(await soon(() => ended.length === 3)).toBe(true)
    expect(ended).toEqual(['closed', 'aborted', 'left'])
    // The table stays as it was.
    expect(left.size).toBe(1)
    expect(await failure(() => other.watch('link'))).toMatchObject({ code: 'ERR_NSLINK_CLOSED' })
  })

  test('says when it can no longer be kept', async ({ ns }) => {
    const broken = new Error('no')
    const links = ns.watch('link', {
      where: () => {
        throw broken
      },
    })
    const errors: unknown[] = []
    links.on('error', (error) => errors.push(error))
    expect(await failure(() => links.ready)).toBe(broken)
    expect(errors).toEqual([broken])
  })

  test('outlives a listener that throws, whose error is not swallowed', async () => {
    const { code, stdout } = await script(`
      import { netns } from 'nslink'
      const ns = await netns.create()
      const links = await ns.watch('link').ready
      let count = 0
      links.on('change', () => { count++; throw new Error('of the listener') })
      process.on('uncaughtException', (error) => {
        console.log(error.message, count)
        if (count < 2) ns.link.set('lo', { mtu: 1500 })
        else links.close()
      })
      await ns.link.set('lo', { mtu: 1400 })`)
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'of the listener 1\nof the listener 2\n' })
  })

  test('keeps the process alive, unless unref has been called', async () => {
    const text = (how: string): string => `
      import { watch } from 'nslink'
      const links = watch('link')${how}
      await links.ready
      setTimeout(() => { console.log('still here'); links.close() }, 300).unref()`
    expect(await script(text(''))).toMatchObject({ code: 0, stdout: 'still here\n' })
    expect(await script(text('.unref()'))).toMatchObject({ code: 0, stdout: '' })
  })

  const bad: [unknown, unknown, string][] = [
    ['links', {}, 'ERR_INVALID_ARG_VALUE'],
    [undefined, {}, 'ERR_INVALID_ARG_VALUE'],
    ['link', { filter: undefined }, 'ERR_INVALID_ARG_VALUE'],
    ['link', { where: {} }, 'ERR_INVALID_ARG_TYPE'],
    ['link', { receiveBuffer: 0 }, 'ERR_OUT_OF_RANGE'],
  ]
  test.for(bad)('refuses %j, %j', async ([object, options, code]) => {
    expect(await failure(() => watch(object as 'link', options as WatchOptions<Link>))).toMatchObject({ code })
  })
})

describe('link.waitFor', () => {
  test('resolves to a link that is there, and to one that comes', async ({ ns, ip }) => {
    expect(await ns.link.waitFor('lo')).toMatchObject({ index: 1, name: 'lo' })
    expect(await ns.link.waitFor(1, undefined, { timeout: 0 })).toMatchObject({ name: 'lo' })
    const coming = ns.link.waitFor('br0')
    const started = performance.now()
    await sleep(30)
    await ip('link', 'add', 'br0', 'type', 'bridge')
    expect(await coming).toMatchObject({ name: 'br0', kind: 'bridge' })
    expect(performance.now() - started).toBeGreaterThan(25)
  })

  test('waits until the predicate is content', async ({ ns, ip }) => {
    await pair({ ns })
    await ip('link', 'set', 'v1', 'down')
    await ns.link.waitFor('v0', ({ operstate }) => operstate === 'lowerlayerdown')
    const up = ns.link.waitFor('v0', ({ operstate }) => operstate === 'up')
    await sleep(20)
    await ip('link', 'set', 'v1', 'up')
    expect(await up).toMatchObject({ name: 'v0', operstate: 'up' })
    const renamed = ns.link.waitFor('other')
    await ip('link', 'set', 'v1', 'name', 'other')
    expect((await renamed).name).toBe('other')
  })

  test('looks only when something has happened', async ({ ns, ip }) => {
    let looks = 0
    const waiting = ns.link.waitFor('lo', ({ up }) => {
      looks++
      return up
    })
    await sleep(300)
    expect(looks).toBe(1)
    await ip('link', 'set', 'lo', 'up')
    await waiting
    expect(looks).toBeLessThan(5)
  })

  test('says what it waited for in vain', async ({ ns }) => {
    const before = held()
    const missing = await failure(() => ns.link.waitFor('nothing', undefined, { timeout: 20 }))
    expect(missing).toMatchObject({ name: 'NetlinkError', code: 'ETIMEDOUT', netns: `net:[${ns.inode}]` })
    expect(missing.message).toMatch(/^link\.waitFor nothing .*after 20 ms there is no such link/)
    const never = await failure(() => ns.link.waitFor('lo', () => false, { timeout: 20 }))
    expect(never).toMatchObject({ code: 'ETIMEDOUT' })
    expect(never.message).toContain('after 20 ms the link is not as it is to be')
    const reason = new Error('enough')
    const signal = AbortSignal.timeout(20)
    expect((await failure(() => ns.link.waitFor('lo', () => false, { signal }))).name).toBe('TimeoutError')
    expect(await failure(() => ns.link.waitFor('lo', undefined, { signal: AbortSignal.abort(reason) }))).toBe(reason)
    const broken = () => {
      throw reason
    }
    expect(await failure(() => ns.link.waitFor('lo', broken))).toBe(reason)
    expect(held().descriptors).toBeLessThanOrEqual(before.descriptors + 1)
  })

  test('works where the thread waits as well', async ({ ns, sync }) => {
    expect(sync.link.waitFor('lo')).toMatchObject({ name: 'lo' })
    const child = ns.spawn('sh', ['-c', 'sleep 0.1; ip link add br0 type bridge; sleep 0.1; ip link set br0 up'])
    expect(sync.link.waitFor('br0', ({ up }) => up)).toMatchObject({ name: 'br0', up: true })
    child.kill()
    expect(await failure(() => sync.link.waitFor('nothing', undefined, { timeout: 10 }))).toMatchObject({
      code: 'ETIMEDOUT',
    })
  })

  test('is there at the top, and refuses what makes no sense', async () => {
    expect((await ownLink.waitFor('lo')).name).toBe('lo')
    expect(directLink.waitFor('lo').name).toBe('lo')
    const code = async (...args: unknown[]) =>
      (await failure(() => (ownLink.waitFor as (...each: unknown[]) => unknown)(...args)))['code']
    expect(await code('lo', {})).toBe('ERR_INVALID_ARG_TYPE')
    expect(await code('lo', undefined, { timeout: -1 })).toBe('ERR_OUT_OF_RANGE')
    expect(await code('lo', undefined, { signal: 1 })).toBe('ERR_INVALID_ARG_TYPE')
    expect(await code('lo', undefined, { interval: 1 })).toBe('ERR_INVALID_ARG_VALUE')
  })
})
