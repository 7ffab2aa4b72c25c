/** Holds the kernel's lock for links most of the time, until it is ended: moving a link to another namespace takes many milliseconds of it. */

import { netns } from 'nslink/sync'

process.stdin.on('end', () => process.exit()).resume()
const [one, other] = [netns.create(), netns.create()]
one.link.add({ kind: 'veth', name: 'moved', peer: { name: 'stays' } })
const hold = (): void => {
  one.link.set('moved', { netns: other })
  other.link.set('moved', { netns: one })
  setImmediate(hold)
}
hold()
process.stdout.write('ready\n')
