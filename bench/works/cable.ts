import { link, type Netns } from 'nslink/sync'

/** Makes a veth pair, `eth0` and `peer0`, both up. Without IPv6, whose own traffic would disturb what is measured. */
export function cable(ns: Netns): void {
  ns.sysctl.set('net.ipv6.conf.default.disable_ipv6', 1)
  ns.link.add({ kind: 'veth', name: 'eth0', up: true, peer: { name: 'peer0' } })
  ns.link.set('peer0', { up: true })
}

/** The index of `eth0`, looked up once as the peers do: its name would be looked up for every request. */
export const deviceIndex = (): number => link.get('eth0').index
