/**
 * A transaction in the making: changes become the messages that make them, one after the other.
 *
 * The kernel takes them together, between a message that begins and one that ends them, and does all of them or none.
 */

import { eachAttribute } from '../netlink/attributes.js'
import { Batch } from '../netlink/batch.js'
import { invalidType, invalidValue } from '../netlink/check.js'
import * as netlink from '../netlink/operation.js'
import { NLM_F_CREATE, NLM_F_ECHO } from '../netlink/protocol.js'
import { BE64 } from '../netlink/scalar.js'
import { type Names, Writer } from '../netlink/writer.js'
import * as chains from './chain.js'
import type { NftChange } from './changes.js'
import { type Element, parseElement, wireElements } from './elements.js'
import './features.js'
import type { Instruction } from './expression.js'
import { familyNumber, type NftFamily } from './family.js'
import { adverbs, inChange, inStatement } from './fault.js'
import type { AnonymousSet, Lookups, SetInfo } from './lookup.js'
import { Program } from './program.js'
import { findSet, setKey } from './references.js'
import { type AnyRule, NFT_MSG_NEWRULE, ruleSchema, ruleTable } from './rule.js'
import { NFT_SET_INTERVAL } from './set.js'
import * as sets from './set-object.js'
import * as setWire from './set-wire.js'
import { writeStateful } from './stateful.js'
import { type AnyStatement, kindOf, writeStatement } from './statement.js'
import { writeNeed } from './statements/match.js'
import * as tables from './table.js'
import { commentData } from './userdata.js'
import { elementData } from './value.js'
import { verbs } from './verbs.js'
import { message, nfgenmsg, nftName, writeHeader } from './wire.js'

/** A message of a transaction. @internal */
export interface Message extends netlink.Message {
  /** Which of the changes it is part of. */
  readonly change: number
  /** Of a set that a rule brings with it, the statement that it is part of. */
  readonly statement?: number | undefined
  /** Of a part of a set's elements that are sent as they were given, which is the first of them. */
  readonly firstElement?: number | undefined
}

/** The most elements of a set that are worked out together. */
const MOST_ELEMENTS = 1024

/** Thrown by what refers to a set of which it is not known yet whether the kernel has it. */
class Unasked {
  readonly family: NftFamily
  readonly table: string
  readonly name: string

  constructor(family: NftFamily, table: string, name: string) {
    this.family = family
    this.table = table
    this.name = name
  }
}

const noAdverbs = new Set<string>()

/** The only property of an object, and its value. */
function only(path: string, object: unknown, reason: string, besides: ReadonlySet<string>): [string, unknown] {
  if (typeof object !== 'object' || object === null) throw invalidType(path, 'an object', object)
  let found: string | undefined
  for (const key in object) {
    if (besides.has(key)) continue
    if (found !== undefined) throw invalidValue(path, object, reason)
    found = key
  }
  if (found === undefined) throw invalidValue(path, object, reason)
  return [found, (object as Record<string, unknown>)[found]]
}

/** @internal */
export class Transaction {
  readonly batch = new Batch<Message>()
  /** Whether a single one of its messages may concern very many rules. */
  slow = false
  readonly #names: Names
  /** The sets there are, by the names `setKey` gives them; undefined for those that there are not. */
  readonly #sets = new Map<string, SetInfo | undefined>()
  readonly #chains = new Map<string, chains.NftChain>()
  readonly #echo: boolean
  #lastId = 0
  #change = 0
  /** Which statement of a rule is at hand. */
  #statement: number | undefined

  constructor(names: Names, echo: boolean) {
    this.#names = names
    this.#echo = echo
    this.batch.writer.names = names
  }

  /** Adds changes. An error says which it is about, and what in it is wrong. */
  *add(changes: readonly (NftChange | undefined)[]): netlink.Operation<void> {
    for (let index = 0; index < changes.length; ) {
      const change = changes[index]
      const before = this.batch.messages.length
      this.#change = index
      this.#statement = undefined
      try {
        const more = change === undefined ? undefined : this.#compile(change)
        if (more !== undefined) yield* more
        if (++index % netlink.PORTION === 0) yield* netlink.asOne()
      } catch (error) {
        if (!(error instanceof Unasked)) throw inChange(error, index, change)
        this.batch.rewind(before)
        const { family, table, name } = error
        this.#sets.set(setKey(family, table, name), yield* findSet(family, table, name))
      }
    }
  }

  /** Adds a change; what takes long, some of it. */
  #compile(change: NftChange): netlink.Operation<void> | void {
    const [verb, object] = only('change', change, 'must have one verb, such as { add: … }', noAdverbs)
    const [kind, value] = only(verb, object, 'must hold one thing, such as { rule: … }', adverbs)
    if (typeof value !== 'object' || value === null) throw invalidType(kind, 'an object', value)
    const known = verbs[verb]?.[kind]
    if (known === undefined) throw invalidValue('change', change, `is no change that nslink knows: ${verb} ${kind}`)
    return known.call(this, value as never, object as Record<string, unknown>)
  }

  /** Adds a message. */
  send(
    type: number,
    flags: number,
    family: NftFamily | undefined,
    schema: Message['schema'],
    write: (writer: Writer) => void,
    firstElement?: number,
  ): void {
    const number = family === undefined ? 0 : familyNumber('family', family)
    const echo = this.#echo && (flags & NLM_F_CREATE) !== 0
    this.batch.add(
      {
        type: message(type),
        flags: echo ? flags | NLM_F_ECHO : flags,
        schema,
        doing: 'nft.apply',
        subject: undefined,
        // What a rule brings with it has handles that nobody asked for.
        decode: echo && this.#statement === undefined ? decodeHandle(schema) : undefined,
        change: this.#change,
        statement: this.#statement,
        firstElement,
      },
      (writer) => {
        writeHeader(writer, number)
        write(writer)
      },
    )
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
        const key = setKey(family, table, name)
        const found = this.#sets.get(key)
        if (found !== undefined) return found
        if (!this.#sets.has(key)) throw new Unasked(family, table, name)
        throw invalidValue(path, `@${name}`, `names a set that table ${family} ${table} does not have`)
      },
      anonymous: (set) => {
        const made: AnonymousSet = { id: ++this.#lastId, ...set }
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
    from = 0,
  ): void {
    let sent = from
    for (const portion of setWire.portions(elements)) {
      const values = { table, set: set.name, setId: set.id, elements: [...portion] }
      const write = (writer: Writer): void => setWire.elementsTable.write(writer, values, 'elements')
      // Ranges are sent in another order, and as two each.
      const firstElement = (set.flags & NFT_SET_INTERVAL) === 0 ? sent : undefined
      this.send(type, flags, family, setWire.elementsSchema, write, firstElement)
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
    const program = this.#program(given, this.#lookups(family, table))
    this.#statement = undefined
    const values = {
      table,
      chain,
      expressions: program.finish(),
      compat,
      userdata:
        given.userdata === undefined ? commentData('rule.comment', comment) : hexBytes('rule.userdata', given.userdata),
      position,
      handle: replace ? handle : undefined,
    }
    this.send(NFT_MSG_NEWRULE, flags, family, ruleSchema, (writer) => {
      try {
        ruleTable.write(writer, values, 'rule')
      } catch (error) {
        const at = program.statementOf(values.expressions.findIndex(isMalformed))
        throw at === undefined ? error : inStatement(error, at, statements[at] as AnyStatement)
      }
    })
  }

  #program({ family, table, chain, statements }: AnyRule, lookups: Lookups): Program {
    const program = new Program(family, this.#names, lookups, writeNeed)
    const known = this.#chains.get(setKey(family, table, chain))
    for (let index = 0; index < statements.length; index++) {
      const statement = statements[index] as AnyStatement
      program.begin(index)
      this.#statement = index
      try {
        checkPlace(statement, known)
        writeStatement(statement, program, `statements.${index}`)
      } catch (error) {
        throw inStatement(error, index, statement)
      }
    }
    return program
  }

  /** Which statement of a rule one of its expressions is part of. Only an error wants to know, so it is found out then. */
  statementOf(rule: AnyRule, expression: number): number | undefined {
    const { named } = this.#lookups(rule.family, rule.table)
    return this.#program(rule, { named, anonymous: (set) => ({ id: 0, ...set }) }).statementOf(expression)
  }

  *addSet(given: sets.NftSet | sets.NftMap, flags: number, what: 'set' | 'map'): netlink.Operation<void> {
    const { family, table, name, elements } = given
    const info = sets.setInfo(given, what, ++this.#lastId)
    this.#sets.set(setKey(family, table, name), info)
    this.send(setWire.NFT_MSG_NEWSET, flags, family, setWire.setSchema, (writer) =>
      sets.writeSet(writer, given, info, writeStateful(family, this.#names)),
    )
    if (elements !== undefined) {
      const path = `${what}.elements`
      yield* this.#addElements(setWire.NFT_MSG_NEWSETELEM, NLM_F_CREATE, family, table, info, elements, path)
    }
  }

  *changeElements(
    given: { family: NftFamily; table: string; set: string; elements: unknown },
    type: number,
    flags: number,
  ): netlink.Operation<void> {
    const { family, table, set, elements } = given
    const info = this.#lookups(family, table).named(nftName('elements.set', set), 'elements.set')
    yield* this.#addElements(type, flags, family, table, info, elements)
  }

  /** Adds or deletes elements, some at a time; `initial` is what errors call them that a set is made with. */
  *#addElements(
    type: number,
    flags: number,
    family: NftFamily,
    table: string,
    info: SetInfo,
    given: unknown,
    initial?: string,
  ): netlink.Operation<void> {
    if (!Array.isArray(given)) throw invalidType('elements', 'an array', given)
    const parse = this.#parser(info, family)
    // Ranges are put in order first, so there all have to be known.
    const together = (info.flags & NFT_SET_INTERVAL) !== 0 ? given.length : MOST_ELEMENTS
    for (let from = 0; from < given.length; from += together) {
      const elements: Element[] = []
      for (let index = from; index < Math.min(from + together, given.length); index++) {
        if ((index + 1) % netlink.PORTION === 0) yield* netlink.asOne()
        elements.push(parse(given[index], `elements.${index}`))
      }
      const wire = wireElements(info.key, elements, info.flags, initial !== undefined, initial ?? 'elements')
      this.#elements(type, flags, family, table, info, wire, from)
    }
  }

  /** What reads elements of a set as they were given. */
  #parser({ key, data }: SetInfo, family: NftFamily): (given: unknown, path: string) => Element {
    const names = this.#names
    const stateful = writeStateful(family, names)
    if (data === undefined) return (given, path) => parseElement(key, given, path, names, stateful)
    return (given, path) => {
      if (!Array.isArray(given) || given.length !== 2) throw invalidType(path, 'a pair of a key and a value', given)
      const element = parseElement(key, given[0], `${path}.0`, names, stateful)
      return { data: elementData(data, given[1], { names }, `${path}.1`), ...element }
    }
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

/** Reads the number that the kernel gave to what was added. */
const decodeHandle =
  ({ table }: Message['schema']): Message['decode'] =>
  (reader, at, length) => {
    let handle: number | undefined
    eachAttribute(reader, at + nfgenmsg.size, length - nfgenmsg.size, (type, from) => {
      if (table.key(type) === 'handle') handle = BE64.read(reader, from)
    })
    return handle
  }
