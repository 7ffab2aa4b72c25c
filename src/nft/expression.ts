/**
 * The kernel's expressions: the instructions that rules are made of. Each is a name and a table of attributes.
 *
 * They work on registers. Here a register is numbered by the word (of four bytes) it begins at, of which there are sixteen; on the wire the ones
 * that begin at every fourth word have numbers of their own, as they had before there were others.
 */

import {
  type Attribute,
  type Attributes,
  attributes,
  type Entries,
  eachAttribute,
  nested,
  numbered,
  type Options,
  scalar,
  type Table,
  text,
} from '../netlink/attributes.js'
import { invalidType } from '../netlink/check.js'
import { BE32, type Scalar } from '../netlink/scalar.js'
import { type Reader, Writer } from '../netlink/writer.js'
import { bytes } from './wire.js'

const NFTA_LIST_ELEM = 1
const NFTA_EXPR_NAME = 1
const NFTA_EXPR_DATA = 2

const NFTA_DATA_VALUE = 1
const NFTA_DATA_VERDICT = 2
const NFTA_VERDICT_CODE = 1
const NFTA_VERDICT_CHAIN = 2

const NFT_REG_VERDICT = 0
const NFT_REG_1 = 1
const NFT_REG32_00 = 8
const WORDS_A_REGISTER = 4

/** The register that holds what becomes of the packet. @internal */
export const VERDICT = -1

const registerNumber: Scalar<number> = {
  size: 4,
  write(writer, word, key) {
    const short = word % WORDS_A_REGISTER === 0 ? NFT_REG_1 + word / WORDS_A_REGISTER : NFT_REG32_00 + word
    BE32.write(writer, word === VERDICT ? NFT_REG_VERDICT : short, key)
  },
  read(reader, at) {
    const number = BE32.read(reader, at)
    if (number === NFT_REG_VERDICT) return VERDICT
    return number >= NFT_REG32_00 ? number - NFT_REG32_00 : (number - NFT_REG_1) * WORDS_A_REGISTER
  },
}

/** A register, by the word it begins at. @internal */
export const register = (type: number): Attribute<number> => scalar(type, registerNumber)

/** A verdict as the kernel has it. @internal */
export interface VerdictData {
  code: number
  chain?: string | undefined
}

const signed32: Scalar<number> = {
  size: 4,
  write: (writer, value, key) => BE32.write(writer, value >>> 0, key),
  read: (reader, at) => BE32.read(reader, at) | 0,
}

/** @internal */
export const verdictTable = attributes({
  code: scalar(NFTA_VERDICT_CODE, signed32),
  chain: text(NFTA_VERDICT_CHAIN, 255),
})
const dataTable = attributes({ value: bytes(NFTA_DATA_VALUE), verdict: nested(NFTA_DATA_VERDICT, verdictTable) })

/** Bytes, or a verdict. @internal */
export type Data = { value: Uint8Array } | { verdict: VerdictData }

/** @internal */
export const data = (type: number): Attribute<Data> => nested(type, dataTable) as Attribute<Data>

/** One of the kernel's expressions. @internal */
export interface Expression<E extends Entries = Entries> {
  readonly name: string
  readonly table: Attributes<E>
  /** The attribute that says which it is. */
  readonly written: Uint8Array
}

const known = new Map<string, Expression>()
const nameAttribute = text(NFTA_EXPR_NAME, 255)

function writtenName(name: string): Uint8Array {
  const writer = new Writer(64)
  nameAttribute.write(writer, name, 'name')
  return writer.bytes.subarray(0, writer.at)
}
const nothing = attributes({})

/** Makes an expression known by its name. @internal */
export function expression<E extends Entries>(name: string, entries: E): Expression<E> {
  const made = { name, table: attributes(entries), written: writtenName(name) }
  known.set(name, made as unknown as Expression)
  return made
}

/** An expression in a rule, with its options. @internal */
export interface Instruction {
  readonly name: string
  readonly values: Readonly<Record<string, unknown>>
  /** Its values are attributes by number, whatever is known of it. */
  readonly plain?: true
  /** Its attributes as they were read, for those that nobody here understands. */
  readonly raw?: () => Record<number, string>
}

/** @internal */
export const instruction = <E extends Entries>(
  { name }: Expression<E>,
  values: Options<Attributes<E>>,
): Instruction => ({ name, values: values as Record<string, unknown> })

function writeOne(writer: Writer, { name, values, plain }: Instruction, type: number): void {
  const expression = known.get(name)
  const start = writer.openNested(type)
  writer.raw(expression?.written ?? writtenName(name))
  const data = writer.openNested(NFTA_EXPR_DATA)
  const table = ((plain ? undefined : expression?.table) ?? nothing) as typeof nothing
  table.write(writer, values, name)
  writer.close(data)
  writer.close(start)
}

function readOne(reader: Reader, at: number, length: number): Instruction {
  let name = ''
  let from = at
  let size = 0
  eachAttribute(reader, at, length, (type, start, bytes) => {
    if (type === NFTA_EXPR_NAME) name = nameAttribute.read(reader, start, bytes, undefined)
    else if (type === NFTA_EXPR_DATA) {
      from = start
      size = bytes
    }
  })
  const table = known.get(name)?.table ?? nothing
  const raw = (): Record<number, string> => numbered(NFTA_EXPR_DATA).read(reader, from, size, undefined)
  return { name, values: table.read(reader, from, size) as Record<string, unknown>, raw }
}

/** The table of a single expression's attributes, whichever it is. */
const oneTable: Table = {
  locate(reader, at, length, target) {
    const { name } = readOne(reader, at, length)
    let found: string | undefined
    eachAttribute(reader, at, length, (type, from, size) => {
      if (type === NFTA_EXPR_DATA) found = known.get(name)?.table.locate(reader, from, size, target)
    })
    return found === undefined ? name : `${name}.${found}`
  },
  missing: (reader, at, length) => readOne(reader, at, length).name,
  key: (type) => (type === NFTA_EXPR_NAME ? 'name' : type === NFTA_EXPR_DATA ? 'data' : undefined),
  attribute: (type) => (type === NFTA_EXPR_NAME ? (nameAttribute as Attribute<unknown>) : undefined),
}

/** An expression by itself: what an element of a set carries. @internal */
export const oneInstruction = (type: number): Attribute<Instruction> => ({
  types: [type],
  inner: () => oneTable,
  write: (writer, value) => writeOne(writer, value, type),
  read: (reader, at, length) => readOne(reader, at, length),
})

/** Where in a list of expressions, or of elements, an attribute is: its number. @internal */
export const listTable: Table = {
  locate(reader, at, length, target) {
    let index = -1
    let found: string | undefined
    eachAttribute(reader, at, length, (_type, from, size) => {
      index++
      if (target < from - 4 || target >= from + size) return
      found = `${index}`
    })
    return found
  },
  missing: (_reader, _at, _length, type) => `unknown.${type}`,
  key: (type) => (type === NFTA_LIST_ELEM ? 'expression' : undefined),
  attribute: (type) => (type === NFTA_LIST_ELEM ? (oneInstruction(NFTA_LIST_ELEM) as Attribute<unknown>) : undefined),
}

/** The expressions of a rule. @internal */
export const instructions = (type: number): Attribute<readonly Instruction[]> => ({
  types: [type],
  inner: () => listTable,
  write(writer, value, key) {
    if (!Array.isArray(value)) throw invalidType(writer.where(key), 'an array', value)
    const start = writer.openNested(type)
    for (const each of value as readonly Instruction[]) writeOne(writer, each, NFTA_LIST_ELEM)
    writer.close(start)
  },
  read(reader, at, length) {
    const list: Instruction[] = []
    eachAttribute(reader, at, length, (_type, from, size) => list.push(readOne(reader, from, size)))
    return list
  },
})
