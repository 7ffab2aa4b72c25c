/**
 * Two ways to a new network namespace: a child process that starts in one, and a thread that makes one and steps inside. And how to look at
 * namespaces from outside: list them as `lsns -t net` does, and enter the one a process is in by its number.
 */

import { readFileSync, readlinkSync } from 'node:fs'
import { netns } from 'nslink'
import type { Host } from './lab/host.js'
import { scenario } from './lab/scenario.js'

export default scenario(
  {
    name: 'two-ways-in',
    title: 'Namespaces by a child that starts in one and by unshare; listed as by lsns; looked into by process number',
    article: 'Container networking: clone, unshare, lsns, nsenter',
    keys: ['child'],
  },
  async (lab) => {
    let pid = 0
    await lab.step(
      'child',
      'A program is started in a namespace of its own, as by clone(CLONE_NEWNET). Then nothing but the program holds it.',
      [],
      async () => {
        const own = lab.adopt('own', await lab.netns.create())
        pid = own.spawn('sleep', ['1000']).pid ?? 0
        await own.close()
      },
    )
    const row = async (): Promise<string> => {
      const found = (await netns.scan()).find((each) => each.pid === pid)
      return found === undefined ? 'nothing' : `${found.processes} process, number ${found.pid}: ${found.command}`
    }
    await lab.expect('lsns -t net shows of it', `1 process, number ${pid}: sleep 1000`, row)
    const inside = lab.adopt('inside', await netns.open({ pid }))
    await lab.expect(`nsenter -t ${pid} -n ip link shows`, 'lo, down', () => devices(inside))

    const before = readlinkSync('/proc/thread-self/ns/net')
    let unshared: Host | undefined
    await lab.step('unshare', 'This process makes one for itself, as by unshare(CLONE_NEWNET).', [], async () => {
      unshared = lab.adopt('unshared', await lab.netns.create())
    })
    const seen = unshared?.ns.run(() => ({
      inode: readlinkSync('/proc/thread-self/ns/net'),
      devices: [...readFileSync('/proc/thread-self/net/dev', 'utf8').matchAll(/^ *(\S+):/gm)].map(([, name]) => name),
    }))
    await lab.expect('where its thread is inside of run()', `net:[${unshared?.ns.inode}]`, () => seen?.inode)
    await lab.expect('the devices it sees there', 'lo', () => seen?.devices)
    await lab.expect('where it is after that', before, () => readlinkSync('/proc/thread-self/ns/net'))

    lab.note('The program ends, and the namespace with it.')
    await inside.close()
    process.kill(pid)
    await lab.expect('lsns -t net shows of it', 'nothing', async () => {
      // It is the kernel that has to be done with it.
      for (let tries = 0; tries < 100 && (await row()) !== 'nothing'; tries++) await new Promise(setImmediate)
      return row()
    })
  },
)

async function devices(host: Host): Promise<string> {
  return (await host.link.list())
    .map(({ name, flags }) => `${name}, ${flags?.includes('UP') ? 'up' : 'down'}`)
    .join('; ')
}
