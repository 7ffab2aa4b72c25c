/** `gact`: nothing is done with a packet but what becomes of it: `tc … action drop`. */

import { attributes, ignored, struct } from '../../netlink/attributes.js'
import { invalidType } from '../../netlink/check.js'
import { enumeration, named } from '../../netlink/names.js'
import { U16, within } from '../../netlink/scalar.js'
import { field, Struct } from '../../netlink/struct.js'
import { computed, fieldsIn } from '../body.js'
import {
  CONTROL,
  type Control,
  type GenericInfo,
  type GenericOptions,
  generic,
  genericInfo,
  usage,
} from '../control.js'
import { type Kind, kind } from '../kind.js'

const TCA_GACT_TM = 1
const TCA_GACT_PARMS = 2
const TCA_GACT_PROB = 3
const TCA_GACT_PAD = 4

const PGACT_NONE = 0
const PGACT_NETRAND = 1
const PGACT_DETERM = 2

const parms = new Struct('struct tc_gact', generic)
const chances = enumeration({ none: PGACT_NONE, netrand: PGACT_NETRAND, determ: PGACT_DETERM }, 0xffff)
const chance = new Struct('struct tc_gact_p', {
  type: field('ptype', named(U16, chances)),
  value: field('pval', within(U16, 0, 10_000)),
  control: field('paction', CONTROL),
})

/** One packet in so many meets with something else. */
export interface GactRandom {
  /** Whether chance chooses it (`'netrand'`), or they are counted (`'determ'`). */
  type: 'none' | 'netrand' | 'determ' | number
  /** What becomes of that packet. */
  control: Control
  /** In so many: 0 to 10000. */
  value: number
}

/** What a gact is told: `tc filter add … action drop`. Without `control` it is one that is there, which is found by its `index`. */
export interface GactOptions extends GenericOptions {
  /** One packet in so many meets with something else. */
  random?: GactRandom | undefined
}

/** What a gact is. */
export interface GactInfo extends GenericInfo {
  /** One packet in so many meets with something else. */
  random?: GactRandom
}

const wire = attributes({
  used: usage(TCA_GACT_TM),
  control: fieldsIn(TCA_GACT_PARMS, parms),
  random: struct(TCA_GACT_PROB, chance),
  padding: ignored(TCA_GACT_PAD),
})

const body = computed(
  wire,
  ['control', 'index', 'random'],
  ({ control, index, random }: GactOptions, path) => {
    if (control === undefined && index === undefined)
      throw invalidType(path('control'), "a word such as 'drop'", control)
    return { control: { control, index }, random }
  },
  ({ control = parms.zero, used, random }): GactInfo => ({
    ...genericInfo(control, used),
    ...(random !== undefined && { random }),
  }),
)

/** @internal */
export const gact: Kind<GactOptions, GactInfo> = kind('gact', body)
