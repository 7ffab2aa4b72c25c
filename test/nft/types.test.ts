/** Types of data, held against what `nft describe` says of them. */

import 'nslink/nft'
import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { typesByName } from '../../src/nft/type.js'

/** What nft describes with words of its own, or not at all. */
const undescribed = new Set(['verdict', 'integer', 'inet_proto', 'boolean'])

/** Types whose name nft takes for a word of its language are described by a key that has them. */
const keys: Readonly<Record<string, string>> = {
  ecn: 'ip ecn',
  ct_event: 'ct event',
  ct_label: 'ct label',
  time_date: 'meta time',
}

const described = (name: string): { bits: number; symbols: Record<string, number> } => {
  const { stdout } = spawnSync('nft', ['describe', ...(keys[name] ?? name).split(' ')], { encoding: 'utf8' })
  const bits = Number(/(\d+) bits/.exec(stdout)?.[1])
  const symbols = [...stdout.matchAll(/^\t(\S+)\s+(0x[\da-f]+|\d+)$/gm)].map(([, word, value]) => [word, Number(value)])
  return { bits, symbols: Object.fromEntries(symbols) }
}

/** The numbers of device groups, users and realms are read from the machine's own files. */
const ofTheMachine = new Set(['devgroup', 'uid', 'gid', 'realm', 'classid', 'mark'])

describe('types of data', () => {
  const types = [...typesByName.values()].filter(({ name }) => !undescribed.has(name))

  test.for(types.map((type) => [type.name, type] as const))('%s', ([name, type]) => {
    const wanted = described(name)
    expect(type.bits).toBe(wanted.bits)
    if (ofTheMachine.has(name)) return
    // nft shows numbers of two bytes in network order the wrong way round.
    const turned = (value: number): number => ((value & 0xff) << 8) | (value >> 8)
    const shown = Object.entries(type.symbols ?? {}).map(([word, value]) => [
      word,
      type.order === 'network' && type.bits === 16 ? turned(value) : value,
    ])
    expect(Object.fromEntries(shown)).toEqual(wanted.symbols)
  })

  test('there are all that matches and sets need', () => {
    expect(types.length).toBeGreaterThan(20)
  })
})
