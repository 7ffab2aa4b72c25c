/** What is measured in several ways, and in the end all of them beside each other. */

import { bars, type Row } from './bars.js'
import type { Host } from './host.js'
import type { Lab } from './lab.js'
import { megabits, over } from './rate.js'

/** The best of several short rounds is one in which the machine had little else to do. */
const [ROUNDS, MILLISECONDS] = [8, 150]

export class Matrix {
  readonly #lab: Lab
  readonly #series: readonly string[]
  readonly #rates = new Map<string, (number | undefined)[]>()

  /** The names of what is measured of each way. */
  constructor(lab: Lab, series: readonly string[]) {
    this.#lab = lab
    this.#series = series
  }

  /** How much goes to an address of a server that swallows, as the series of this number. */
  measure(way: string, series: number, from: Host, address: string, port: number): Promise<void> {
    return this.#lab.expect(`how much goes by ${way}, ${this.#series[series]}`, over(100), async () => {
      const rates: number[] = []
      for (let round = 0; round < ROUNDS; round++) rates.push(await from.traffic.stream(address, port, MILLISECONDS))
      const row = this.#rates.get(way) ?? []
      const best = Math.max(...rates)
      row[series] = best / 1e9
      this.#rates.set(way, row)
      return `${megabits(best)}, the best of ${rates.map((rate) => (rate / 1e6).toFixed(0)).join(', ')}`
    })
  }

  /** A table, and a picture of it, beside what somebody else has measured. */
  show(elsewhere: readonly Row[]): void {
    const here = elsewhere.map(({ name }) => ({
      name,
      rates: this.#series.map((_, at) => this.#rates.get(name)?.[at]),
    }))
    const cell = (rate: number | undefined): string => (rate?.toFixed(1) ?? '–').padStart(12)
    const lines = here.map(({ name, rates }, at) => {
      return `${name.padEnd(18)}${rates.map(cell).join('')}${elsewhere[at]?.rates.map(cell).join('')}`
    })
    const names = this.#series.map((each) => each.padStart(12)).join('')
    this.#lab.note([`${'Gbit/s'.padEnd(18)}${names}${names} (the article)`, ...lines].join('\n'))
    const columns = [
      { title: 'the article', unit: 'Gbit/s', rows: elsewhere },
      { title: 'here', unit: 'Gbit/s', rows: here },
    ]
    this.#lab.chart(bars(this.#series, columns))
  }
}
