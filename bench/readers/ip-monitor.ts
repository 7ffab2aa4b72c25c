import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { GATEWAY } from '../works/routes.js'
import { Counter } from './reader.js'

const counter = new Counter()
const { pid, stdout, stderr } = spawn('ip', ['monitor', 'route'], { stdio: ['ignore', 'pipe', 'pipe'] })
if (pid === undefined) throw new Error('there is no ip')
stderr.setEncoding('utf8').on('data', (text: string) => counter.remark(text.trim()))
createInterface({ input: stdout }).on('line', (line) => {
  if (line.includes(GATEWAY)) counter.told()
})

// Its socket has the number of the process, and is in the list with its groups once it listens.
const listening = new RegExp(`^\\S+ +0 +${pid} +(?!00000000)`, 'm')
while (!listening.test(readFileSync('/proc/net/netlink', 'utf8'))) await sleep(10)
process.kill(pid, 'SIGSTOP')
setImmediate(() => process.kill(pid, 'SIGCONT'))
await counter.run()
