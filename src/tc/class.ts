/** Classes of queueing disciplines: `tc class`. */

import type { Schema, UnknownAttributes } from '../netlink/attributes.js'
import { invalidType, invalidValue, onlyKnown } from '../netlink/check.js'
import { ask, done, dump, type Operation, type Request, requestsOf } from '../netlink/operation.js'
import { NLM_F_CREATE, NLM_F_ECHO, NLM_F_EXCL } from '../netlink/protocol.js'
import type { Reader } from '../netlink/writer.js'
import { type DelOptions, type Device, deletion } from '../rtnetlink.js'
import { classKinds } from './classes.js'
import { type Estimator, estimator } from './estimator.js'
import { classPlaces, formatHandle, type Handle, parseHandle, parseQdisc } from './handle.js'
import { type AnyKind, faultsOf, kindTables, messageType, type RawTcKind, sorted, tcmsg } from './message.js'
import type { TcStats } from './stats.js'

const RTM_NEWTCLASS = 40
const RTM_DELTCLASS = 41
const RTM_GETTCLASS = 42

/** The parent of a class that has none above. */
const ROOT = 0xffff_ffff

const kinds: Readonly<Record<string, AnyKind>> = classKinds

const table = kindTables(kinds, { estimator })

/** @internal */
export const classSchema = {
  messages: { RTM_NEWTCLASS, RTM_DELTCLASS, RTM_GETTCLASS },
  header: tcmsg,
  table,
  faults: faultsOf(kinds, {
    'Failed to find specified qdisc': 'parent',
    'Qdisc not classful': 'parent',
    ENOENT: 'classid',
  }),
} satisfies Schema

type ClassTypes<K extends keyof typeof classKinds> = NonNullable<(typeof classKinds)[K]['types']>

/** What classes of each kind are told. {@link ClassAddOptions} has it beside `kind`. @interface */
export type ClassKinds = { [K in keyof typeof classKinds]: ClassTypes<K>['options'] }

/** What a class has of its kind, under the name of the kind. */
export type ClassKindValues = { [K in keyof typeof classKinds]?: ClassTypes<K>['values'] }

/** What the kinds count for themselves, under their names. */
export type ClassKindStats = {
  [K in keyof typeof classKinds as unknown extends ClassTypes<K>['stats'] ? never : K]?: ClassTypes<K>['stats']
}

/** What names a class. */
export interface ClassKey {
  /** The device. */
  dev: Device
  /** How it is called: the qdisc and a number from 1 to ffff, hexadecimal, such as `'1:10'`. */
  classid: Handle
}

/** What a class is told whatever its kind is. */
export interface ClassOptions extends ClassKey, UnknownAttributes {
  /** The qdisc, such as `'1:'` (or `'root'`), or the class above it. */
  parent: 'root' | Handle
  /** Has the kernel say how fast packets go through (`stats.rate`). It is not reported. */
  estimator?: Estimator | undefined
}

/**
 * A class to be made: its place, its `kind`, and the options of that kind ({@link ClassKinds}: beside `kind: 'htb'` those of {@link HtbClassOptions}). What
 * a listed class has under the name of its kind may be given back.
 */
export type ClassAddOptions =
  | {
      [K in keyof ClassKinds]: {
        /** What it is to be: of the kind of its qdisc. */
        kind: K
      } & ClassOptions &
        ClassKinds[K] &
        Pick<ClassKindValues, K>
    }[keyof ClassKinds]
  | (ClassOptions & RawTcKind)

/** A class as the kernel reports it. What it has of its kind is under the kind's name: `class.htb.rate`. */
export interface TcClass extends ClassKindValues {
  /** The device. */
  dev: Device
  /** What it is. */
  kind: string
  /** How it is called. */
  classid: Handle
  /** The class above it; `'root'` when there is none. */
  parent?: 'root' | Handle
  /** The qdisc in it, if it has one. */
  leaf?: Handle
  /** What has gone through. */
  stats: TcStats & ClassKindStats
  /** What it is told, if this version does not know its kind: the bytes in hexadecimal. */
  data?: string
  /** Attributes this version does not know, by number. */
  unknown?: Record<number, string>
}

/** Which classes to list. All that is given has to hold. */
export interface ClassFilter {
  /** Of this device; the kernel gives those of one at a time. */
  dev: Device
  /** Of this qdisc, such as `'1:'`; the kernel does the choosing. */
  qdisc?: Handle | undefined
  /** Right beneath this class, or `'root'`: those that have none above. */
  parent?: 'root' | Handle | undefined
  /** Of this kind. */
  kind?: string | undefined
}

const names = ['dev', 'parent', 'classid', 'estimator']
const reported = ['leaf']
const filterNames = new Set(['dev', 'qdisc', 'parent', 'kind'])

/** Classes of queueing disciplines (`tc class`). */
export class ClassOperations {
  /**
   * Makes a class: `tc class add`.
   *
   * ```ts
   * await ns.class.add({ dev: 'eth0', parent: '1:', classid: '1:11', kind: 'htb', rate: '80mbit', ceil: '100mbit' })
   * ```
   *
   * @throws NetlinkError EEXIST when there is one with that name; ENOENT when there is no such qdisc; EINVAL when there is no such class above
   */
  *add(options: ClassAddOptions): Operation<void> {
    yield* made('class.add', NLM_F_CREATE | NLM_F_EXCL, options)
  }

  /** Makes a class, or changes the one with that name: `tc class replace`. */
  *replace(options: ClassAddOptions): Operation<void> {
    yield* made('class.replace', NLM_F_CREATE, options)
  }

  /**
   * Changes a class: `tc class change`.
   *
   * @throws NetlinkError ENOENT when there is none
   */
  *change(options: ClassAddOptions): Operation<void> {
    done(yield change('class.change', 0, options))
  }

  /**
   * Removes a class: `tc class del`.
   *
   * @throws NetlinkError ENOENT when there is none; EBUSY when it has classes beneath it, or filters that choose it
   */
  *del(options: ClassKey & DelOptions): Operation<void> {
    const { missingOk, ...key } = options
    const request = change('class.del', 0, key, true)
    yield* deletion({ ...request, type: RTM_DELTCLASS }, { missingOk }, 'ENOENT')
  }

  /**
   * One class: what `tc class show` says of it.
   *
   * @throws NetlinkError ENOENT when there is none
   */
  *get(key: ClassKey): Operation<TcClass> {
    const request = change('class.get', NLM_F_ECHO, key, true)
    return yield* ask<TcClass>({ ...request, type: RTM_GETTCLASS, decode })
  }

  /** The classes of a device, or those of them that a filter lets through: `tc class show`. */
  *list(filter: ClassFilter): Operation<TcClass[]> {
    return yield* listClasses('class.list', filter)
  }
}

/** @internal */
export function* listClasses(doing: string, filter: ClassFilter): Operation<TcClass[]> {
  onlyKnown(doing, filter, filterNames)
  const { dev, qdisc, parent, kind } = filter
  const handle = qdisc === undefined ? 0 : parseQdisc('qdisc', qdisc)
  const above = parent === undefined ? undefined : classPlaces.number('parent', parent)
  if (kind !== undefined && typeof kind !== 'string') throw invalidType('kind', 'a string', kind)
  return yield* dump<TcClass>({
    ...base(doing, dev),
    type: RTM_GETTCLASS,
    dump: true,
    encode: (writer) => tcmsg.write(writer, { index: writer.names.index(dev, 'dev'), parent: handle }),
    decode(reader, at, length) {
      if (above !== undefined && tcmsg.read(reader, at, length).parent !== above) return undefined
      const found = decode(reader, at, length)
      return kind === undefined || found?.kind === kind ? found : undefined
    },
  })
}

const base = requestsOf(classSchema)

/** A message about a class. For one that is to be found (`finding`), its name is enough. */
function change(doing: string, flags: number, options: object, finding = false): Request {
  const { kind, named, rest } = sorted(doing, options, kinds, [...names, ...reported], finding)
  const { dev, parent, classid, estimator, unknown } = rest as unknown as ClassOptions
  const handle = parseHandle('classid', classid)
  const [major, minor] = [handle >>> 16, handle & 0xffff]
  if (minor === 0) throw invalidValue('classid', classid, "must have a number after the colon, such as '1:10'")
  const above = finding ? 0 : classPlaces.number('parent', parent)
  if (!finding && above !== ROOT && above >>> 16 !== major) {
    throw invalidValue('classid', classid, `must be of the qdisc of its parent, '${formatHandle(above)}'`)
  }
  return {
    ...base(doing, dev),
    type: RTM_NEWTCLASS,
    flags,
    encode(writer) {
      tcmsg.write(writer, { index: writer.names.index(dev, 'dev'), parent: above, handle })
      const { kind: name, ...own } = named
      table.for(kind).write(writer, finding ? {} : { kind: name, estimator, ...own, unknown }, doing)
    },
  }
}

/** Makes a class. Where the one above it is missing, the kernel would put it at the top and say nothing. */
function* made(doing: string, flags: number, options: ClassAddOptions): Operation<void> {
  const request = change(doing, flags, options)
  const { dev, parent } = options
  if (isClass(parent)) {
    const above = change(doing, NLM_F_ECHO, { dev, classid: parent }, true)
    yield* ask<TcClass>({
      ...above,
      schema: { ...classSchema, faults: { ENOENT: 'parent' } },
      type: RTM_GETTCLASS,
      decode,
    })
  }
  done(yield { ...request, schema: { ...classSchema, faults: { ...classSchema.faults, ENOENT: 'parent' } } })
}

/** Whether a handle is that of a class, not of a qdisc. */
const isClass = (parent: string): boolean => parent !== 'root' && (parseHandle('parent', parent) & 0xffff) !== 0

/** Reads a class from a message of the kernel's; nothing, from one that says that a class is gone. @internal */
export function decode(reader: Reader, at: number, length: number): TcClass | undefined {
  if (messageType(reader, at) !== RTM_NEWTCLASS) return undefined
  const { index, handle, parent, info } = tcmsg.read(reader, at, length)
  const attributes = table.of(reader, at + tcmsg.size, length - tcmsg.size)
  const { kind, ...values } = attributes.read(reader, at + tcmsg.size, length - tcmsg.size) as { kind: string }
  const above = classPlaces.name(parent)
  return {
    dev: reader.names.name(index),
    kind,
    classid: formatHandle(handle),
    ...(above !== undefined && { parent: above }),
    ...(info !== 0 && { leaf: formatHandle(info) }),
    ...values,
  } as TcClass
}
