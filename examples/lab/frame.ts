/** What a packet says, in a line. */

/** The frame that a VXLAN datagram carries. */
export function vxlanFrame(datagram: Uint8Array): string {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length)
  return `VXLAN ${view.getUint32(4) >>> 8}: ${frame(datagram.subarray(8))}`
}

const mac = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
const ip = (bytes: Uint8Array): string => bytes.join('.')

function frame(bytes: Uint8Array): string {
  const [to, from, packet] = [mac(bytes.subarray(0, 6)), mac(bytes.subarray(6, 12)), bytes.subarray(14)]
  const type = new DataView(bytes.buffer, bytes.byteOffset).getUint16(12)
  return `${from} to ${to}, ${contents(type, packet)}`
}

function contents(type: number, packet: Uint8Array): string {
  if (type === 0x0806 && packet[7] === 1) {
    return `ARP: who has ${ip(packet.subarray(24, 28))}? tell ${ip(packet.subarray(14, 18))}`
  }
  if (type === 0x0800) return `IP ${ip(packet.subarray(12, 16))} to ${ip(packet.subarray(16, 20))}`
  return `0x${type.toString(16).padStart(4, '0')}`
}
