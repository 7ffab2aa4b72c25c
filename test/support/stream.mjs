// node stream.mjs listen ADDRESS PORT... : takes in what is sent, and prints every tenth of a second the time in ms and the bytes of each port.
// node stream.mjs send ADDRESS PORT : sends as fast as it can.
import { connect, createServer } from 'node:net'

const [what, address, ...ports] = process.argv.slice(2)
if (what === 'send') {
  const socket = connect({ host: address, port: Number(ports[0]) })
  const chunk = Buffer.alloc(64 * 1024)
  const more = () => {
    while (socket.write(chunk));
  }
  socket.on('connect', more).on('drain', more)
} else {
  const taken = new Float64Array(ports.length)
  for (const [index, port] of ports.entries()) {
    createServer((socket) => {
      socket.on('data', ({ length }) => {
        taken[index] = (taken[index] ?? 0) + length
      })
    }).listen(Number(port), address)
  }
  setInterval(() => console.log(performance.now(), ...taken), 100)
}
