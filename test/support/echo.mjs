// node echo.mjs listen ADDRESS : sends back what comes by TCP and by UDP, and says first whom it comes from. Ends with its input.
// node echo.mjs call ADDRESS   : prints, as JSON, by which address it was seen there, if all that it sent came back.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

const PORT = 7777
/** More than goes into one packet, whatever it is wrapped in. */
const TEXT = 'a real packet. '.repeat(10_000)
const DATAGRAM = TEXT.slice(0, 1000)

const [role, address = ''] = process.argv.slice(2)
if (role === 'listen') await listen()
else console.log(JSON.stringify({ tcp: await attempt(callTcp), udp: await attempt(callUdp) }))

async function listen() {
  process.stdin.on('end', () => process.exit()).resume()
  const udp = createSocket('udp4')
  udp.on('message', (message, { address, port }) => udp.send(`${address}\n${message}`, port, address))
  udp.bind(PORT, address)
  const tcp = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.write(`${socket.remoteAddress}\n`)
    socket.pipe(socket)
  })
  tcp.listen(PORT, address)
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')])
  console.log('listening')
}

/** @param {AbortSignal} signal */
async function callTcp(signal) {
  const socket = connect({ host: address, port: PORT, signal })
  socket.setEncoding('utf8').end(TEXT)
  let answer = ''
  for await (const part of socket) answer += part
  return seenAs(answer, TEXT)
}

/** @param {AbortSignal} signal */
async function callUdp(signal) {
  const socket = createSocket({ type: 'udp4', signal })
  try {
    // A datagram may be lost while the way is looked for.
    const again = setInterval(() => socket.send(DATAGRAM, PORT, address), 200)
    signal.addEventListener('abort', () => clearInterval(again))
    const [answer] = await once(socket, 'message', { signal })
    clearInterval(again)
    return seenAs(String(answer), DATAGRAM)
  } finally {
    socket.close()
  }
}

/**
 * @param {string} answer
 * @param {string} sent
 */
function seenAs(answer, sent) {
  const [seen, ...rest] = answer.split('\n')
  return rest.join('\n') === sent ? seen : 'something else came back'
}

/**
 * What a call comes to: its result, or the code of its error.
 *
 * @param {(signal: AbortSignal) => Promise<string | undefined>} call
 */
async function attempt(call) {
  try {
    return await call(AbortSignal.timeout(10_000))
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code
  }
}
