/**
 * What the way out of a container costs: requests and responses of one byte a second, from the host itself, and from containers by veth, macvlan
 * and ipvlan. The article measured 2446 a second from its host and 2141 by veth, 12.5 % less.
 *
 *     host ── lan ── server                     eth0 of the host is what macvlan and ipvlan are made upon
 *     192.168.0.193   192.168.0.194
 */

import { features } from 'nslink'
import { hosts, impatient, pod } from './lab/ground.js'
import type { Host } from './lab/host.js'
import { scenario } from './lab/scenario.js'

const SERVER = '192.168.0.194'
const PORT = 12865
const ROUNDS = [1, 2, 3]
const MILLISECONDS = 300

export default scenario(
  {
    name: 'latency-veth-ipvlan',
    title: 'Requests a second from a host, and from containers by veth, macvlan and ipvlan',
    article: 'Container networking: is latency higher in a container?',
    keys: ['way-back', 'macvlan'],
    needs: ['link:macvlan'],
    gains: ['link:ipvlan'],
  },
  async (lab) => {
    const { host, server } = await hosts(lab, {
      lan: '192.168.0.1/24',
      host: '192.168.0.193/24',
      server: `${SERVER}/24`,
    })
    await server.traffic.listen(PORT, 'echo')
    let fromHost = 0

    /** Three rounds, their average, and how much less that is than from the host. */
    const measure = (way: string, from: Host): Promise<void> =>
      lab.expect(`requests a second by ${way}`, /^[1-9]\d*, [1-9]\d*, [1-9]\d*: /, async () => {
        const rates: number[] = []
        // So that it is not measured how long a program takes to get going.
        await from.traffic.requests(SERVER, PORT, MILLISECONDS / 3)
        for (const _ of ROUNDS) rates.push(Math.round(await from.traffic.requests(SERVER, PORT, MILLISECONDS)))
        const average = rates.reduce((sum, rate) => sum + rate) / rates.length
        fromHost ||= average
        const less = (100 * (fromHost - average)) / fromHost
        return `${rates.join(', ')}: ${average.toFixed(0)}, ${less.toFixed(1)} % less than the host`
      })

    await host.pings(SERVER, 'answered')
    await measure('the host itself', host)

    const veth = await pod(host, 'veth', '172.17.0.2')
    await lab.step(
      'way-back',
      'The server learns where the container is. (Docker has its host put its own address there instead.)',
      ['server# ip route add 172.17.0.0/16 via 192.168.0.193'],
      () => server.route.add({ dst: '172.17.0.0/16', via: '192.168.0.193' }),
    )
    await veth.pings(SERVER, 'answered')
    await measure('veth', veth)

    const macvlan = await container('macvlan', { kind: 'macvlan', mode: 'bridge' }, '192.168.0.2')
    await macvlan.pings(SERVER, 'answered')
    await measure('macvlan', macvlan)

    if (!(await features.has('link:ipvlan'))) return lab.note('This kernel has no ipvlan.')
    await lab.step('no-macvlan', 'A device carries one or the other.', ['macvlan# ip link del eth0'], () =>
      macvlan.link.del('eth0'),
    )
    const one = await container('ipvlan1', { kind: 'ipvlan', mode: 'l2' }, '192.168.0.3')
    const two = await container('ipvlan2', { kind: 'ipvlan', mode: 'l2' }, '192.168.0.4')
    await one.pings(SERVER, 'answered')
    await measure('ipvlan', one)
    await one.pings('192.168.0.4', 'answered')
    await two.pings('192.168.0.3', 'answered')
    // The host that all go out by is the one they do not reach.
    await one.pings('192.168.0.193', 'host unreachable')

    /** A container whose eth0 is made upon that of the host. */
    async function container(name: string, options: Upon, address: string): Promise<Host> {
      const made = await lab.host(name)
      await lab.step(
        name,
        `${name}: a device upon eth0 of the host, which is moved into the container.`,
        [
          `host# ip link add link eth0 name ${name} type ${options.kind} mode ${options.mode}`,
          `host# ip link set ${name} netns ${name} name eth0`,
          `${name}# ip addr add ${address}/24 dev eth0`,
          `${name}# ip link set eth0 up`,
        ],
        async () => {
          await host.link.add({ ...options, name, link: 'eth0' })
          await host.link.set(name, { netns: made, name: 'eth0' })
          await made.addr.add({ dev: 'eth0', address: `${address}/24` })
          await made.link.set('eth0', { up: true })
        },
      )
      await impatient(made, 'eth0')
      return made
    }
  },
)

type Upon = { kind: 'macvlan'; mode: 'bridge' } | { kind: 'ipvlan'; mode: 'l2' }
