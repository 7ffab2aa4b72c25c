/**
 * Comparisons of bytes that are side by side in a packet become one: `tcp sport 1 tcp dport 2` reads four bytes once.
 *
 * As nft does it: among matches that follow each other, ordered by where they are in the packet. Joined is what the kernel then reads in one step as
 * quickly as before, up to four bytes, or what was not quick in the first place.
 */

import { type Instruction, instruction } from './expression.js'
import { cmp } from './expressions/cmp.js'
import { bases, payload } from './expressions/payload.js'
import type { Step } from './program.js'
import type { Place } from './term.js'

/** @internal */
export interface PlainComparison {
  readonly place: Place
  readonly value: Uint8Array
  readonly leads: boolean
}

const LARGEST = 16
const QUICK = 4

/** @internal */
export function joined(steps: readonly Step[]): readonly Step[] {
  const plain = steps.filter((step) => step.plain !== undefined)
  // Few rules have any that go together.
  if (!plain.some((step) => plain.some((other) => canJoin(step, other)))) return steps
  const left = new Set(steps)
  let run: Step[] = []
  for (const step of steps) {
    if (step.plain !== undefined) run.push(step)
    if (step.match) continue
    joinRun(run, left)
    run = []
  }
  joinRun(run, left)
  return steps.filter((step) => left.has(step))
}

function joinRun(run: Step[], left: Set<Step>): void {
  run.sort((a, b) => comparePlaces((a.plain as PlainComparison).place, (b.plain as PlainComparison).place))
  let last: Step | undefined
  for (const step of run) {
    if (last !== undefined && canJoin(last, step)) {
      // What says which protocol comes next has to stay in front of the matches that rely on it.
      const [kept, gone] = step.plain?.leads ? [step, last] : [last, step]
      const [a, b] = [last.plain as PlainComparison, step.plain as PlainComparison]
      write(kept, {
        place: { ...a.place, length: a.place.length + b.place.length },
        value: Buffer.concat([a.value, b.value]),
        leads: a.leads || b.leads,
      })
      left.delete(gone)
      last = kept
    } else {
      last = step
    }
  }
}

const comparePlaces = (a: Place, b: Place): number => bases[a.layer] - bases[b.layer] || a.offset - b.offset

function canJoin({ plain: a }: Step, { plain: b }: Step): boolean {
  if (a === undefined || b === undefined) return false
  const [p, q] = [a.place, b.place]
  if (p.layer !== q.layer || p.offset + p.length !== q.offset || p.length + q.length > LARGEST) return false
  return p.length + q.length <= QUICK || p.layer === 'link' || p.length > QUICK || q.length > QUICK
}

function write(step: Step, plain: PlainComparison): void {
  const { layer, offset, length } = plain.place
  step.plain = plain
  const both: Instruction[] = [
    instruction(payload, { dreg: 0, base: layer, offset, len: length }),
    instruction(cmp, { sreg: 0, op: '==', data: { value: plain.value } }),
  ]
  step.instructions.splice(0, step.instructions.length, ...both)
}
