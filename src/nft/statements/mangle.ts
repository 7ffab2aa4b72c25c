/** Changes of a packet, or of what the kernel keeps with it: `meta mark set`, `ip dscp set`. */

import { invalidValue } from '../../netlink/check.js'
import { equal } from '../bytes.js'
import { type Decoder, reads } from '../decoder.js'
import type { PlacedField } from '../header.js'
import { fieldsAt, keyOf, type Loaded, loadedKey, noNames } from '../loaded.js'
import { bytesOf, mergeOf } from '../payload.js'
import type { Program } from '../program.js'
import type { Computed } from '../selector.js'
import { shifted, widened } from '../set.js'
import { narrowed } from '../sets.js'
import { statementKind } from '../statement.js'
import { findKey, type Key, keyNamed, type Place } from '../term.js'
import { byteLength, isSingle, single } from '../type.js'
import { isComputed, prepareValue } from '../value.js'
import { readValue, type Value } from './reading.js'

/** A key gets another value. */
export interface Mangle<K = string, V = unknown> {
  /** Which statement it is. */
  kind: 'mangle'
  /** The key: `'meta mark'`. */
  key: K
  /** A constant; a key, `{ key: 'ct mark' }`; or what is computed. */
  value: V | Computed
}

/** @internal */
export const mangle = statementKind<Mangle>({
  kind: 'mangle',
  options: ['key', 'value'],
  write({ key: name, value }, program) {
    const key = keyNamed(name, program, 'key')
    if (key.store === undefined) throw invalidValue('key', name, 'cannot be set')
    program.require(key, 'key')
    if (!isComputed(value) && writePart(key, value, program)) return
    if (key.shift > 0) throw invalidValue('value', value, 'must be a constant, for the field ends inside a byte')
    const load = prepareValue(value, key, program, 'value')
    program.step()
    program.register((word) => {
      load(program, word)
      key.store?.(program, word)
    })
  },
})

/** Changes a field of which only a part of what is read and written back is its own. */
function writePart(key: Key, value: unknown, program: Program): boolean {
  if (key.merge === undefined) return false
  const span = key.type.parse(value, 'value', program.names, key.bits)
  if (!isSingle(span)) throw invalidValue('value', value, 'must be a single value')
  const bytes = widened(shifted(span, key.shift), key.length, 'value').first
  program.step()
  program.register((word) => key.merge?.(program, word, bytes))
  return true
}

reads('payload', ({ sreg, base, offset, len }, decoder) => {
  const loaded = decoder.at(sreg)
  if (sreg === undefined || loaded === undefined || typeof base !== 'string') return false
  const place: Place = { layer: base as Place['layer'], offset: offset as number, length: len as number }
  for (const field of fieldsAt(place, decoder)) {
    const read = readMerged(field, place, loaded) ?? readWhole(field, place, sreg, decoder)
    if (read === undefined) continue
    const key = keyOf(field)
    return decoder.say({ kind: 'mangle', key: key.expression, value: read.value } as Mangle, [...read.keys, key])
  }
  return false
})

/** The value of a field that was written by itself. */
function readWhole(field: PlacedField, { offset, length }: Place, word: unknown, decoder: Decoder): Value | undefined {
  const bytes = bytesOf(field)
  if (mergeOf(field) !== undefined || bytes.offset !== offset || bytes.length !== length) return undefined
  const { type, order } = keyOf(field)
  return readValue(word, type, order, decoder)
}

/** The value of a field that was written with what is around it. */
function readMerged(field: PlacedField, place: Place, { place: from, changes }: Loaded): Value | undefined {
  const merge = mergeOf(field)
  const [change] = changes
  if (merge === undefined || change === undefined || changes.length > 1 || !('mask' in change)) return undefined
  if (merge.offset !== place.offset || merge.length !== place.length || from?.offset !== place.offset) return undefined
  if (!equal(change.mask, merge.mask)) return undefined
  const { type, bits } = field
  const span = narrowed(single(change.xor), merge.shift, byteLength(bits))
  return { value: type.format(span, noNames), keys: [] }
}

/** What `meta`, `ct` and others like them are in a rule: a key that is loaded, or one that is set. @internal */
export function readsKey(
  name: string,
  keyName: (values: Readonly<Record<string, unknown>>) => string | undefined,
): void {
  reads(name, (values, decoder) => {
    const found = keyName(values)
    const key = found === undefined ? undefined : findKey(found)
    if (key === undefined) return false
    const { dreg, sreg } = values
    if (dreg !== undefined) return decoder.load(dreg as number, loadedKey(key))
    const read = readValue(sreg, key.type, key.order, decoder)
    return (
      read !== undefined && decoder.say({ kind: 'mangle', key: key.expression, value: read.value } as Mangle, read.keys)
    )
  })
}
