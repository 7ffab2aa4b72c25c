import { monitor } from 'nslink'
import { GATEWAY } from '../works/routes.js'
import { buffer, Counter } from './reader.js'

const counter = new Counter()
const events = monitor({ route: true, existing: true }, buffer > 0 ? { receiveBuffer: buffer } : {})
// What is there at first has been listed when the first of it is told.
await events.next()
/** Whatever is told twice is one route. */
const known = new Set<string>()
const reading = async (): Promise<void> => {
  for await (const { type, route, resync, key } of events) {
    if (type !== 'new' || route.via !== GATEWAY || known.has(key)) continue
    known.add(key)
    counter.told()
    if (resync) counter.remark('lost some, and listed them')
  }
}
reading().catch((error: Error) => counter.remark(error.message))
await counter.run()
