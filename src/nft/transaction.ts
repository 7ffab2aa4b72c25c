/**
 * A transaction in the making: changes become the messages that make them.
 *
 * The kernel takes them together, between a message that begins and one that ends them, and does all of them or none.
 */

import { invalidType, invalidValue } from '../netlink/check.js'
import type { Request } from '../netlink/operation.js'
import { NLM_F_CREATE, NLM_F_ECHO } from '../netlink/protocol.js'
import { type Names, type Reader, Writer } from '../netlink/writer.js'
import * as chains from './chain.js'
import type { NftChange } from './changes.js'
import { type Element, parseElement, wireElements } from './elements.js'
import './features.js'
import type { Instruction } from './expression.js'
import { familyNumber, type NftFamily } from './family.js'
import type { AnonymousSet, Lookups, SetInfo } from './lookup.js'
import { Program } from './program.js'
import { setKey } from './references.js'
import { type AnyRule, NFT_MSG_NEWRULE, ruleSchema, ruleTable } from './rule.js'
import { NFT_SET_INTERVAL } from './set.js'
import * as sets from './set-object.js'
import * as setWire from './set-wire.js'
import { type WriteStateful, writeStateful } from './stateful.js'
import { type AnyStatement, kindOf, writeStatement } from './statement.js'
import { writeNeed } from './statements/match.js'
import * as tables from './table.js'
import { commentData } from './userdata.js'
import { elementData } from './value.js'
import { verbs } from './verbs.js'
import { message, nfgenmsg, nftName, writeHeader } from './wire.js'

/** A message of a transaction. @internal */
export interface Message {
  readonly request: Request
  /** Which of the changes it is part of. */
  readonly change: number
  /** Of a rule, which of its statements each of its expressions is part of. */
  readonly statements?: readonly number[]
  /** Of a set that a rule brings with it, the statement that it is part of. */
  readonly statement?: number | undefined
  /** Of a part of a set's elements that are sent as they were given, which is the first of them. */
  readonly firstElement?: number | undefined
}

/** Where a rule is, for errors. */
const place = (...names: (string | number | undefined)[]): string =>
  names.filter((name) => name !== undefined).join(' ')

interface Located {
  family: NftFamily
  table: string
  chain?: string
  name?: string
  handle?: number
  comment?: string
  set?: string
}

/** @internal */
export class Transaction {
  readonly messages: Message[] = []
  readonly #names: Names
  readonly #sets: Map<string, SetInfo>
  readonly #chains = new Map<string, chains.NftChain>()
  readonly #echo: boolean
  /** What the requests of one transaction have in common. */
  readonly #identity = {}
  #lastId = 0
  #change = 0
  /** How errors call the change at hand. */
  #doing = ''
  /** Which statement of a rule is at hand. */
  #statement: number | undefined

  /** `sets` are those that the kernel has, by the names `referencesOf` gives them. */
  constructor(names: Names, sets: ReadonlyMap<string, SetInfo>, echo: boolean) {
    this.#names = names
    this.#sets = new Map(sets)
    this.#echo = echo
  }

  get identity(): object {
    return this.#identity
  }

  /** Adds a change. An error says which it is, and what in it is wrong. */
  add(change: NftChange, index: number): void {
    this.#change = index
    this.#doing = ''
    this.#statement = undefined
    try {
      this.#compile(change)
    } catch (error) {
      throw located(error, index, this.#doing)
    }
  }

  #compile(change: NftChange): void {
    if (typeof change !== 'object' || change === null) throw invalidType('change', 'an object', change)
    const given = Object.keys(change)
    const [verb] = given
    const object = (change as Record<string, Record<string, unknown>>)[verb ?? '']
    if (verb === undefined || given.length > 1) {
      throw invalidValue('change', change, 'must have one verb, such as { add: … }')
    }
    if (typeof object !== 'object' || object === null) throw invalidType(verb, 'an object', object)
    const kinds = Object.keys(object).filter((key) => key !== 'to' && key !== 'of')
    const [kind] = kinds
    const value = object[kind ?? ''] as Located
    if (kind === undefined || kinds.length > 1 || typeof value !== 'object' || value === null) {
      throw invalidValue(verb, object, 'must hold one thing, such as { rule: … }')
    }
    const { family, table, chain, name, set } = value
    this.#doing = place(verb, kind, family, table, chain ?? set, name)
    const known = verbs[verb]?.[kind]
    if (known === undefined) throw invalidValue('change', change, `is no change that nslink knows: ${verb} ${kind}`)
    known.call(this, value as never, object)
  }

  /** Adds a message. */
  send(
    type: number,
    flags: number,
    family: NftFamily | undefined,
    schema: Request['schema'],
    write: (writer: Writer) => void,
    { statements, firstElement }: Pick<Message, 'statements' | 'firstElement'> = {},
  ): void {
    const [change, doing, statement] = [this.#change, this.#doing, this.#statement]
    const number = family === undefined ? 0 : familyNumber('family', family)
    const first = this.messages.at(-1)?.change !== change
    const echo = this.#echo && (flags & NLM_F_CREATE) !== 0
    this.messages.push({
      change,
      statement,
      firstElement,
      ...(statements && { statements }),
      request: {
        type: message(type),
        flags: flags | (echo ? NLM_F_ECHO : 0),
        schema,
        doing: 'nft.apply',
        subject: doing,
        transaction: this.#identity,
        encode(writer) {
          writeHeader(writer, number)
          try {
            write(writer)
          } catch (error) {
            throw located(error, change, doing)
          }
        },
        ...(echo && (first || statements !== undefined) && { decode: decodeHandle(schema) }),
      },
    })
  }

  addTable(given: tables.NftTable, flags: number): void {
    this.send(tables.NFT_MSG_NEWTABLE, flags, given.family, tables.tableSchema, (writer) =>
      tables.writeTable(writer, given),
    )
  }

  addChain(given: chains.NftChain, flags: number): void {
    this.#chains.set(setKey(given.family, given.table, given.name), given)
    this.send(chains.NFT_MSG_NEWCHAIN, flags, given.family, chains.chainSchema, (writer) =>
      chains.writeChain(writer, given),
    )
  }

  /** The sets that rules of a table can look things up in. */
  #lookups(family: NftFamily, table: string): Lookups {
    return {
      named: (name, path) => {
        const found = this.#sets.get(setKey(family, table, name))
        if (found === undefined)
          throw invalidValue(path, `@${name}`, `names a set that table ${family} ${table} does not have`)
        return found
      },
      anonymous: (set) => {
        const made: AnonymousSet = { ...set, id: ++this.#lastId }
        this.send(setWire.NFT_MSG_NEWSET, NLM_F_CREATE, family, setWire.setSchema, (writer) =>
          setWire.writeAnonymousSet(writer, table, made),
        )
        this.#elements(setWire.NFT_MSG_NEWSETELEM, NLM_F_CREATE, family, table, made, made.elements)
        return made
      },
    }
  }

  #elements(
    type: number,
    flags: number,
    family: NftFamily,
    table: string,
    set: SetInfo,
    elements: AnonymousSet['elements'],
  ): void {
    let sent = 0
    for (const portion of setWire.portions(elements)) {
      const values = { table, set: set.name, setId: set.id, elements: [...portion] }
      const write = (writer: Writer): void => setWire.elementsTable.write(writer, values, 'elements')
      // Ranges are sent in another order, and as two each.
      const firstElement = (set.flags & NFT_SET_INTERVAL) === 0 ? sent : undefined
      this.send(type, flags, family, setWire.elementsSchema, write, { firstElement })
      sent += portion.length
    }
  }

  addRule(given: AnyRule & { position?: unknown }, flags: number, replace = false): void {
    const { family, table, chain, statements, handle, position, comment, compat } = given
    onlyRuleOptions(given)
    familyNumber('rule.family', family)
    nftName('rule.table', table)
    nftName('rule.chain', chain)
    if (!Array.isArray(statements)) throw invalidType('rule.statements', 'an array', statements)
    if (position !== undefined && typeof position !== 'number') {
      throw invalidType('rule.position', 'the handle of a rule, or { comment: … }', position)
    }
    const program = new Program(family, this.#names, this.#lookups(family, table), writeNeed)
    const known = this.#chains.get(setKey(family, table, chain))
    for (const [index, statement] of (statements as readonly AnyStatement[]).entries()) {
      program.begin(index)
      this.#statement = index
      try {
        checkPlace(statement, known)
        writeStatement(statement, program, `statements.${index}`)
      } catch (error) {
        throw inStatement(error, index, statement)
      }
    }
    this.#statement = undefined
    const { instructions, statements: parts } = program.finish()
    const values = {
      table,
      chain,
      expressions: instructions,
      compat,
      userdata:
        given.userdata === undefined ? commentData('rule.comment', comment) : hexBytes('rule.userdata', given.userdata),
      position,
      ...(replace && { handle }),
    }
    const write = (writer: Writer): void => {
      try {
        ruleTable.write(writer, values, 'rule')
      } catch (error) {
        const at = parts[instructions.findIndex(isMalformed)]
        throw at === undefined ? error : inStatement(error, at, statements[at] as AnyStatement)
      }
    }
    this.send(NFT_MSG_NEWRULE, flags, family, ruleSchema, write, { statements: parts })
  }

  addSet(given: sets.NftSet | sets.NftMap, flags: number, what: 'set' | 'map'): void {
    const info = sets.setInfo(given, what, ++this.#lastId)
    const stateful = writeStateful(given.family, this.#names)
    this.#sets.set(setKey(given.family, given.table, given.name), info)
    this.send(setWire.NFT_MSG_NEWSET, flags, given.family, setWire.setSchema, (writer) =>
      sets.writeSet(writer, given, info, stateful),
    )
    const { elements } = given
    if (elements !== undefined && elements.length > 0) {
      const wire = wireElements(info.key, this.#parse(info, elements, stateful), info.flags, true, `${what}.elements`)
      this.#elements(setWire.NFT_MSG_NEWSETELEM, NLM_F_CREATE, given.family, given.table, info, wire)
    }
  }

  #parse({ key, data }: SetInfo, given: unknown, stateful: WriteStateful): Element[] {
    if (!Array.isArray(given)) throw invalidType('elements', 'an array', given)
    return given.map((each, index) => {
      const path = `elements.${index}`
      if (data === undefined) return parseElement(key, each, path, this.#names, stateful)
      if (!Array.isArray(each) || each.length !== 2) throw invalidType(path, 'a pair of a key and a value', each)
      const element = parseElement(key, each[0], `${path}.0`, this.#names, stateful)
      const value = `${path}.1`
      const wire = elementData(data, each[1], { names: this.#names }, value)
      return { ...element, data: wire }
    })
  }

  changeElements(
    given: { family: NftFamily; table: string; set: string; elements: unknown },
    type: number,
    flags: number,
  ): void {
    const { family, table, set: name, elements } = given
    const info = this.#lookups(family, table).named(nftName('elements.set', name), 'elements.set')
    const wire = wireElements(
      info.key,
      this.#parse(info, elements, writeStateful(family, this.#names)),
      info.flags,
      false,
      'elements',
    )
    this.#elements(type, flags, family, table, info, wire)
  }
}

/** Whether an expression cannot be written. */
function isMalformed(expression: Instruction): boolean {
  try {
    ruleTable.write(new Writer(1024), { expressions: [expression] }, 'rule')
    return false
  } catch {
    return true
  }
}

/** Says of an error which change it is about. */
function located(error: unknown, change: number, doing: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  error.message = `changes[${change}]${doing === '' ? '' : ` (${doing})`}: ${error.message}`
  return error
}

function hexBytes(path: string, value: unknown): Uint8Array {
  if (typeof value === 'string' && /^([\da-f]{2})*$/i.test(value)) return Buffer.from(value, 'hex')
  throw invalidValue(path, value, 'must be bytes in hexadecimal')
}

const ruleOptions = new Set([
  ...['family', 'table', 'chain', 'handle', 'comment', 'compat', 'userdata', 'statements', 'position'],
])

function onlyRuleOptions(given: object): void {
  for (const name in given) {
    if (!ruleOptions.has(name)) throw invalidValue('rule', name, 'is no option of a rule')
  }
}

/** A statement that the chain's type or hook has no place for. */
function checkPlace(statement: AnyStatement, { type, hook }: Partial<chains.NftBaseChain> = {}): void {
  const kind = kindOf(statement)
  if (kind === undefined || hook === undefined) return
  if (kind.type !== undefined && kind.type !== type) {
    throw invalidValue('kind', statement.kind, `is for chains of type ${kind.type}, and this one is of type ${type}`)
  }
  if (kind.hooks !== undefined && !kind.hooks.includes(hook)) {
    throw invalidValue(
      'kind',
      statement.kind,
      `is for the hooks ${kind.hooks.join(', ')}, and this chain is at ${hook}`,
    )
  }
}

/** Finds fault with a rule that has a statement its chain has no place for. @internal */
export function checkPlaces(statements: readonly AnyStatement[], chain: chains.NftChain): void {
  for (const [index, statement] of statements.entries()) {
    try {
      checkPlace(statement, chain)
    } catch (error) {
      throw inStatement(error, index, statement)
    }
  }
}

/** What a statement is about, for errors: its key, or its kind. @internal */
export function statementName(statement: AnyStatement): string {
  const { kind, left, key } = statement as { kind: unknown; left?: unknown; key?: unknown }
  const about = left ?? key
  if (typeof about === 'string') return about
  return Array.isArray(about) ? about.filter((each) => typeof each === 'string').join(' . ') : String(kind)
}

/** Says of an error which statement it is about. @internal */
export function inStatement(error: unknown, index: number, statement: AnyStatement): unknown {
  if (error instanceof Error && 'code' in error) {
    const name = typeof statement === 'object' && statement !== null ? ` (${statementName(statement)})` : ''
    error.message = `statement ${index}${name}: ${error.message}`
  }
  return error
}

/** Reads the number that the kernel gave to what was added. */
const decodeHandle =
  (schema: Request['schema']) =>
  (reader: Reader, at: number, length: number): number | undefined => {
    const skip = nfgenmsg.size
    const read = (schema.table as unknown as { read(r: Reader, a: number, l: number): { handle?: number } }).read
    return read.call(schema.table, reader, at + skip, length - skip).handle
  }
