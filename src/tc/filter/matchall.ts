/** `matchall`: every packet. */

import { attributes, ignored, type Options, readOnly, struct, type Values } from '../../netlink/attributes.js'
import { U64 } from '../../netlink/scalar.js'
import { field, Struct } from '../../netlink/struct.js'
import { actions } from '../action.js'
import { attributesBody } from '../body.js'
import { handle } from '../handle.js'
import { hardware } from '../hardware.js'
import { type FilterKind, filterKind } from '../kind.js'

const TCA_MATCHALL_CLASSID = 1
const TCA_MATCHALL_ACT = 2
const TCA_MATCHALL_FLAGS = 3
const TCA_MATCHALL_PCNT = 4
const TCA_MATCHALL_PAD = 5

const counter = new Struct('struct tc_matchall_pcnt', { rule: field('rhit', U64) })

const table = attributes({
  /** The class they go to. */
  flowid: handle(TCA_MATCHALL_CLASSID),
  /** What is done with them, one after the other. */
  actions: actions(TCA_MATCHALL_ACT),
  ...hardware(TCA_MATCHALL_FLAGS),
  /** How many packets came by (Linux 5.1). */
  hits: readOnly(struct(TCA_MATCHALL_PCNT, counter)),
  padding: ignored(TCA_MATCHALL_PAD),
})

/** What a matchall is told: `tc filter add … matchall`. */
export interface MatchallOptions extends Options<typeof table> {}

/** What a matchall is. */
export interface MatchallInfo extends Values<typeof table> {}

/** @internal */
export const matchall: FilterKind<MatchallOptions, MatchallInfo> = filterKind('matchall', attributesBody(table))
