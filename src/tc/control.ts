/** What becomes of a packet after an action: `pass`, `drop`, on to the next action, to another chain. */

import { readOnly, struct } from '../netlink/attributes.js'
import { integer, invalidType, oneOf, onlyKnown } from '../netlink/check.js'
import { S32, type Scalar, U32, U64 } from '../netlink/scalar.js'
import { field, Struct, type ValueOfStruct } from '../netlink/struct.js'

const TC_ACT_UNSPEC = -1
const TC_ACT_OK = 0
const TC_ACT_RECLASSIFY = 1
const TC_ACT_SHOT = 2
const TC_ACT_PIPE = 3
const TC_ACT_STOLEN = 4
const TC_ACT_QUEUED = 5
const TC_ACT_REPEAT = 6
const TC_ACT_REDIRECT = 7
const TC_ACT_TRAP = 8

const TC_ACT_JUMP = 0x1000_0000
const TC_ACT_GOTO_CHAIN = 0x2000_0000
const TC_ACT_EXT_VAL_MASK = 0x0fff_ffff

const numbers = {
  continue: TC_ACT_UNSPEC,
  pass: TC_ACT_OK,
  reclassify: TC_ACT_RECLASSIFY,
  drop: TC_ACT_SHOT,
  pipe: TC_ACT_PIPE,
  stolen: TC_ACT_STOLEN,
  queued: TC_ACT_QUEUED,
  repeat: TC_ACT_REPEAT,
  redirect: TC_ACT_REDIRECT,
  trap: TC_ACT_TRAP,
} as const
const names = Object.keys(numbers) as (keyof typeof numbers)[]

/**
 * What becomes of a packet.
 *
 * - `'pass'`: it goes on its way, to the class of the filter; `'drop'`: it is dropped
 * - `'pipe'`: to the next action of the filter; `'continue'`: to the next filter
 * - `'reclassify'`: to the first filter again; `'trap'`: to the host, from hardware
 * - `{ goto: 5 }`: to the filters of chain 5; `{ jump: 2 }`: past the next two actions
 * - `'stolen'`, `'queued'`, `'repeat'`, `'redirect'`: the action itself has seen to it
 */
export type Control =
  | keyof typeof numbers
  | {
      /** The chain, 0 to 2^28 - 1. */
      goto: number
    }
  | {
      /** How many actions, 0 to 2^28 - 1. */
      jump: number
    }

const extended = new Set(['goto', 'jump'])

/** @internal */
export const controls = {
  number(path: string, value: Control): number {
    if (typeof value !== 'object' || value === null) {
      if (typeof value !== 'string') throw invalidType(path, "a word such as 'drop', or { goto: chain }", value)
      return numbers[oneOf(path, value, names)]
    }
    onlyKnown(path, value, extended)
    if ('goto' in value) return TC_ACT_GOTO_CHAIN + integer(`${path}.goto`, value.goto, 0, TC_ACT_EXT_VAL_MASK)
    return TC_ACT_JUMP + integer(`${path}.jump`, value.jump, 0, TC_ACT_EXT_VAL_MASK)
  },
  name(value: number): Control {
    const rest = value & TC_ACT_EXT_VAL_MASK
    if (value >= TC_ACT_GOTO_CHAIN && value < TC_ACT_GOTO_CHAIN + TC_ACT_JUMP) return { goto: rest }
    if (value >= TC_ACT_JUMP && value < TC_ACT_GOTO_CHAIN) return { jump: rest }
    return names.find((name) => numbers[name] === value) ?? (value as never)
  },
}

/** @internal */
export const CONTROL: Scalar<Control> = {
  size: 4,
  write: (writer, value, key) => S32.write(writer, controls.number(writer.where(key), value), key),
  read: (reader, at) => controls.name(S32.read(reader, at)),
}

/** The fields that the structs of all actions begin with. @internal */
export const generic = {
  index: field('index', U32),
  capab: field('capab', U32),
  control: field('action', CONTROL),
  refcnt: field('refcnt', S32),
  bindcnt: field('bindcnt', S32),
}

/** What every action is told. A kind of action may make `control` something that has to be given. @internal */
export interface GenericOptions {
  /** What becomes of the packet then. */
  control?: Control | undefined
  /** Its number, 1 to 2^32 - 1, by which filters can share it: the kernel chooses one when it is not given. */
  index?: number | undefined
}

/** What every action is. @internal */
export interface GenericInfo {
  /** What becomes of the packet then. */
  control: Control
  /** Its number. */
  index: number
  /** How many use it. */
  refcnt: number
  /** How many filters have it. */
  bindcnt: number
  /** How many seconds ago it was made. */
  installed?: number
  /** How many seconds ago the last packet came by, or it was made. */
  lastUsed?: number
  /** How many seconds ago the first packet came by; 0 when none has (Linux 4.17). */
  firstUsed?: number
}

/** The kernel counts these times in USER_HZ, which is 100 on every machine Node runs on. */
const ticksPerSecond = 100

const times = new Struct('struct tcf_t', {
  install: field('install', U64),
  lastuse: field('lastuse', U64),
  expires: field('expires', U64),
  firstuse: field('firstuse', U64),
})

/** When an action was made and used. @internal */
export const usage = (type: number) => readOnly(struct(type, times))

/** What every action is, from its struct and its times. @internal */
export const genericInfo = (
  { control = 'pass', index = 0, refcnt = 0, bindcnt = 0 }: Partial<GenericInfo>,
  used?: ValueOfStruct<typeof times>,
): GenericInfo => ({
  control,
  index,
  refcnt,
  bindcnt,
  ...(used !== undefined && {
    installed: used.install / ticksPerSecond,
    lastUsed: used.lastuse / ticksPerSecond,
    firstUsed: used.firstuse / ticksPerSecond,
  }),
})
