import { createRtNetlink } from 'netlink'
import { GATEWAY } from '../works/routes.js'
import { Counter } from './reader.js'

const gateway = Buffer.from(GATEWAY.split('.').map(Number))

const counter = new Counter()
const socket = createRtNetlink()
socket.addMembership('IPV4_ROUTE')
socket.on('message', (messages) => {
  for (const message of messages) if (message.kind === 'route' && message.attrs.gateway?.equals(gateway)) counter.told()
})
socket.socket.on('error', ({ message }) => counter.remark(message))
await counter.run()
