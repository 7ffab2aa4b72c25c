/** What can be done, and to what: each verb with its messages. */

import { invalidValue } from '../netlink/check.js'
import type { Operation } from '../netlink/operation.js'
import { NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../netlink/protocol.js'
import * as chains from './chain.js'
import type { NftObjectRef } from './changes.js'
import type { NftFamily } from './family.js'
import * as flowtables from './flowtable.js'
import * as objects from './object.js'
import type { NftNamedObject } from './objects.js'
import { type AnyRule, NFT_MSG_DELRULE, NFT_MSG_DESTROYRULE, ruleSchema, ruleTable } from './rule.js'
import type * as sets from './set-object.js'
import * as setWire from './set-wire.js'
import * as tables from './table.js'
import type { Transaction } from './transaction.js'
import { nftName } from './wire.js'

/** Adds a change. What may have very much in it is added in portions, by what is returned. */
type Compile = (this: Transaction, value: never, change: Record<string, unknown>) => Operation<void> | void

const adding = (flags: number): Record<string, Compile> => ({
  table(value: tables.NftTable) {
    this.addTable(value, flags)
  },
  chain(value: chains.NftChain) {
    this.addChain(value, flags)
  },
  rule(value: AnyRule) {
    this.addRule(value, flags | NLM_F_APPEND)
  },
  set(value: sets.NftSet) {
    return this.addSet(value, flags, 'set')
  },
  map(value: sets.NftMap) {
    return this.addSet(value, flags, 'map')
  },
  elements(value: { family: NftFamily; table: string; set: string; elements: unknown }) {
    return this.changeElements(value, setWire.NFT_MSG_NEWSETELEM, flags)
  },
  flowtable(value: flowtables.NftFlowtable) {
    this.send(flowtables.NFT_MSG_NEWFLOWTABLE, flags, value.family, flowtables.flowtableSchema, (writer) =>
      flowtables.writeFlowtable(writer, value),
    )
  },
  object(value: NftNamedObject) {
    this.send(objects.NFT_MSG_NEWOBJ, flags, value.family, objects.objectSchema, objects.objectWriter(value))
  },
})

const removing = (destroy: boolean): Record<string, Compile> => {
  const set: Compile = function (value: chains.NftRef) {
    this.send(
      destroy ? setWire.NFT_MSG_DESTROYSET : setWire.NFT_MSG_DELSET,
      0,
      value.family,
      setWire.setSchema,
      (writer) => setWire.writeSetKey(writer, value),
    )
  }
  return {
    table(value: tables.NftTable) {
      const type = destroy ? tables.NFT_MSG_DESTROYTABLE : tables.NFT_MSG_DELTABLE
      this.slow = true
      this.send(type, 0, value.family, tables.tableSchema, (writer) => tables.writeTableKey(writer, value))
    },
    chain(value: chains.NftRef) {
      const type = destroy ? chains.NFT_MSG_DESTROYCHAIN : chains.NFT_MSG_DELCHAIN
      this.send(type, 0, value.family, chains.chainSchema, (writer) => chains.writeChainKey(writer, value))
    },
    rule({ family, table, chain, handle }: AnyRule) {
      if (handle === undefined)
        throw invalidValue('rule.handle', handle, 'must be given, or a comment that one rule has')
      const type = destroy ? NFT_MSG_DESTROYRULE : NFT_MSG_DELRULE
      this.send(type, 0, family, ruleSchema, (writer) => ruleTable.write(writer, { table, chain, handle }, 'rule'))
    },
    set,
    map: set,
    elements(value: { family: NftFamily; table: string; set: string; elements: unknown }) {
      return this.changeElements(value, destroy ? setWire.NFT_MSG_DESTROYSETELEM : setWire.NFT_MSG_DELSETELEM, 0)
    },
    flowtable(value: chains.NftRef) {
      const type = destroy ? flowtables.NFT_MSG_DESTROYFLOWTABLE : flowtables.NFT_MSG_DELFLOWTABLE
      this.send(type, 0, value.family, flowtables.flowtableSchema, (writer) =>
        flowtables.writeFlowtableKey(writer, value),
      )
    },
    object(value: NftObjectRef) {
      const type = destroy ? objects.NFT_MSG_DESTROYOBJ : objects.NFT_MSG_DELOBJ
      this.send(type, 0, value.family, objects.objectSchema, objects.objectKeyWriter(value))
    },
  }
}

const flushSet: Compile = function ({ family, table, name }: { family: NftFamily; table: string; name: string }) {
  this.send(setWire.NFT_MSG_DELSETELEM, 0, family, setWire.elementsSchema, (writer) =>
    setWire.elementsTable.write(writer, { table: nftName('table', table), set: nftName('name', name) }, 'set'),
  )
}

const flushing: Record<string, Compile> = {
  ruleset({ family }: { family?: NftFamily }) {
    this.slow = true
    this.send(tables.NFT_MSG_DELTABLE, 0, family, tables.tableSchema, () => undefined)
  },
  table({ family, name }: { family: NftFamily; name: string }) {
    this.slow = true
    this.send(NFT_MSG_DELRULE, 0, family, ruleSchema, (writer) =>
      ruleTable.write(writer, { table: nftName('name', name) }, 'table'),
    )
  },
  chain({ family, table, name }: { family: NftFamily; table: string; name: string }) {
    const values = { table: nftName('table', table), chain: nftName('name', name) }
    this.send(NFT_MSG_DELRULE, 0, family, ruleSchema, (writer) => ruleTable.write(writer, values, 'chain'))
  },
  set: flushSet,
  map: flushSet,
}

/** The changes there are, by their verb and by what they are done to. @internal */
export const verbs: Readonly<Record<string, Readonly<Record<string, Compile>>>> = {
  add: adding(NLM_F_CREATE),
  create: adding(NLM_F_CREATE | NLM_F_EXCL),
  insert: {
    rule(value: AnyRule) {
      this.addRule(value, NLM_F_CREATE)
    },
  },
  replace: {
    rule(value: AnyRule, { of }) {
      const { handle } = (of ?? {}) as { handle?: number }
      if (handle === undefined)
        throw invalidValue('of', of, 'must be the handle of a rule, or a comment that one rule has')
      this.addRule({ ...value, handle }, NLM_F_REPLACE, true)
    },
  },
  del: removing(false),
  destroy: removing(true),
  flush: flushing,
  rename: {
    chain(value: { family: NftFamily; table: string; handle: number }, { to }) {
      this.send(chains.NFT_MSG_NEWCHAIN, 0, value.family, chains.chainSchema, (writer) =>
        chains.writeChainName(writer, value, to as string),
      )
    },
  },
}
