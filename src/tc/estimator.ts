/** Estimators, by which the kernel says how fast packets go through of late. */

import type { Attribute } from '../netlink/attributes.js'
import { invalidValue, onlyKnown } from '../netlink/check.js'
import { S8, U8 } from '../netlink/scalar.js'
import { field, Struct } from '../netlink/struct.js'
import { microseconds, type Time } from './units.js'

const TCA_RATE = 5

const layout = new Struct('struct tc_estimator', { interval: field('interval', S8), weight: field('ewma_log', U8) })

/** How rates are estimated: `estimator 1s 8s`. */
export interface Estimator {
  /** How often it is measured: 250 ms, 500 ms, 1 s, 2 s, 4 s or 8 s, or a time that is made the next of these. */
  interval: Time
  /** Over which time it is averaged, longer than that. */
  timeConstant: Time
}

const names = new Set(['interval', 'timeConstant'])

const shortest = 250_000
const intervals = 6
const weights = 31

/** What a class or a qdisc is told; it is not reported. @internal */
export const estimator: Attribute<Estimator> & { writeOnly: true } = {
  types: [TCA_RATE],
  writeOnly: true,
  write(writer, value, key) {
    const path = writer.where(key)
    onlyKnown(path, value, names)
    const time = microseconds(`${path}.interval`, value.interval, 1, shortest * 2 ** (intervals - 1))
    const average = microseconds(`${path}.timeConstant`, value.timeConstant, 1)
    const power = Math.max(0, Math.ceil(Math.log2(time / shortest)))
    // The largest weight with which the average is not over a longer time.
    let weight = 0
    while (weight < weights && time / -Math.log(1 - 1 / 2 ** (weight + 1)) <= average) weight++
    if (weight === 0 || weight === weights) {
      throw invalidValue(`${path}.timeConstant`, value.timeConstant, 'must be about 1.5 times the interval, or more')
    }
    const start = writer.open(TCA_RATE)
    // The kernel counts the intervals from one second on.
    layout.write(writer, { interval: power - 2, weight })
    writer.close(start)
  },
  read: (reader, at, length) => {
    const { interval, weight } = layout.read(reader, at, length)
    const time = shortest * 2 ** (interval + 2)
    return { interval: time, timeConstant: Math.ceil(time / -Math.log(1 - 1 / 2 ** weight)) }
  },
}
