/** Puts something into etcd, as `etcdctl put` does; waits until etcd is there. `node put.js URL KEY VALUE` */

import { setTimeout as sleep } from 'node:timers/promises'
import { Etcd } from './etcd.js'

const [url = '', key = '', value = ''] = process.argv.slice(2)
const etcd = new Etcd(url)
for (const end = Date.now() + 60_000; ; await sleep(100)) {
  try {
    await etcd.put({ key, value })
    break
  } catch (error) {
    if (Date.now() > end) throw error
  }
}
