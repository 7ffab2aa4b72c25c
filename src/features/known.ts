/** Which kinds of link, qdisc, filter and action the kernel knows. */

import { linkSchema } from '../link/message.js'
import { attributes, nested, type Schema, text } from '../netlink/attributes.js'
import { isError, NetlinkError } from '../netlink/error.js'
import { type Answer, type Operation, type Request, settle } from '../netlink/operation.js'
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../netlink/protocol.js'
import { S32, U8, U16, U32 } from '../netlink/scalar.js'
import { field, Struct } from '../netlink/struct.js'
import type { Writer } from '../netlink/writer.js'
import type { KindGroup } from './kinds.js'

const RTM_NEWQDISC = 36
const RTM_NEWTFILTER = 44

const IFLA_LINKINFO = 18
const IFLA_INFO_KIND = 1

const TCA_KIND = 1
const TCA_OPTIONS = 2
const TCA_ACT_KIND = 1
const TCA_MATCHALL_ACT = 2
const TCA_FLOWER_ACT = 3
const TCA_U32_SEL = 5
const TCA_U32_ACT = 7

const TC_H_ROOT = 0xffff_ffff
const TC_H_CLSACT = 0xffff_fff1
const TC_H_MIN_INGRESS = 0xfff2

const ETH_P_ALL = 3

/** The index of `lo`, which is in every namespace. */
const LOOPBACK = 1

/** The most bytes of a kind's name. @internal */
export const LONGEST_KIND = 15

/** No kernel has a kind of this name. */
const NONE = 'nslink'

/**
 * Which kinds of these names the kernel knows. It is told to make one of each, and nothing more of it than the kind: it may do so, or find
 * fault. What it answers as it answers a kind that there is not, it does not know. @internal
 */
export function* known(group: KindGroup, names: readonly string[]): Operation<boolean[]> {
  const request = yield* asking[group]()
  const [none, ...answers] = (yield* settle([NONE, ...names].map(request))).map(refusal)
  // Then it has not looked at the kind at all.
  if (none?.code === 'EPERM') throw none
  return answers.map((refused) => refused?.errno !== none?.errno || refused?.kernelMessage !== none?.kernelMessage)
}

/** What the kernel has against a request. An error of another sort says nothing of the kernel. */
function refusal({ error }: Answer): NetlinkError | undefined {
  if (error === undefined || (error instanceof NetlinkError && error.syscall === 'netlink')) return error
  throw error
}

type Asking = (name: string) => Request

const asking: Readonly<Record<KindGroup, () => Operation<Asking>>> = {
  // biome-ignore lint/correctness/useYield: there is nothing to prepare.
  *link() {
    return newLink
  },
  *qdisc() {
    return (name) => newQdisc(name, NLM_F_REPLACE)
  },
  *filter() {
    const parent = yield* placeForFilters()
    return (name) => newFilter(`filter:${name}`, parent, name)
  },
  *action() {
    const parent = yield* placeForFilters()
    const has = yield* known('filter', Object.keys(holders))
    // Without a filter that can hold it, no action is of use.
    const [filter, write] = Object.entries(holders).find((_, index) => has[index]) ?? [NONE]
    return (name) => newFilter(`action:${name}`, parent, filter, (writer) => write?.(writer, name))
  },
}

// It may take the kernel some time to find and load a module.
const base = { doing: 'features', slow: true } as const

const info = nested(IFLA_LINKINFO, attributes({ kind: text(IFLA_INFO_KIND, LONGEST_KIND) }))

const newLink: Asking = (kind) => ({
  ...base,
  subject: `link:${kind}`,
  type: linkSchema.messages.RTM_NEWLINK,
  flags: NLM_F_CREATE | NLM_F_EXCL,
  schema: linkSchema,
  encode(writer) {
    linkSchema.header.write(writer, {})
    info.write(writer, { kind }, 'info')
  },
})

const tcmsg = new Struct('struct tcmsg', {
  family: field('tcm_family', U8),
  pad1: field('tcm__pad1', U8),
  pad2: field('tcm__pad2', U16),
  index: field('tcm_ifindex', S32),
  handle: field('tcm_handle', U32),
  parent: field('tcm_parent', U32),
  info: field('tcm_info', U32),
})

const tcTable = attributes({ kind: text(TCA_KIND, LONGEST_KIND) })
const tcSchema = { messages: { RTM_NEWQDISC, RTM_NEWTFILTER }, header: tcmsg, table: tcTable } satisfies Schema

/** A qdisc for `lo`: in the one place it can be, or in the one where most can be. */
const newQdisc = (kind: string, flags: number, handle = 0): Request => ({
  ...base,
  subject: `qdisc:${kind}`,
  type: RTM_NEWQDISC,
  flags: NLM_F_CREATE | flags,
  schema: tcSchema,
  encode(writer) {
    const parent = kind === 'clsact' || kind === 'ingress' ? TC_H_CLSACT : TC_H_ROOT
    tcmsg.write(writer, { index: LOOPBACK, handle, parent })
    tcTable.write(writer, { kind }, base.doing)
  },
})

const ingress = ((TC_H_CLSACT & 0xffff_0000) | TC_H_MIN_INGRESS) >>> 0
const major = 0x1_0000

/** Qdiscs that take filters, what they are called, and where the filters go. */
const places = [
  { kind: 'clsact', handle: 0, parent: ingress },
  { kind: 'ingress', handle: 0, parent: ingress },
  { kind: 'htb', handle: major, parent: major },
  { kind: 'prio', handle: major, parent: major },
]

/** Where filters can go. Without any such place the kernel refuses all of them alike, so that none is known. */
function* placeForFilters(): Operation<number> {
  for (const { kind, handle, parent } of places) {
    const [answer] = yield* settle([newQdisc(kind, NLM_F_EXCL, handle)])
    const refused = answer && refusal(answer)
    if (refused === undefined || isError(refused, 'EEXIST')) return parent
  }
  return TC_H_ROOT
}

const newFilter = (subject: string, parent: number, kind: string, more?: (writer: Writer) => void): Request => ({
  ...base,
  subject,
  type: RTM_NEWTFILTER,
  flags: NLM_F_CREATE | NLM_F_EXCL,
  schema: tcSchema,
  encode(writer) {
    // The protocol is in network byte order.
    tcmsg.write(writer, { index: LOOPBACK, parent, info: ETH_P_ALL << 8 })
    tcTable.write(writer, { kind }, base.doing)
    more?.(writer)
  },
})

/** How a filter holds an action. A u32 wants a selector as well, of which zeros are one that looks at nothing. */
const holding = (actions: number, selector?: number) => (writer: Writer, kind: string) => {
  const options = writer.openNested(TCA_OPTIONS)
  if (selector !== undefined) {
    const start = writer.open(selector)
    writer.zeros(16)
    writer.close(start)
  }
  const list = writer.openNested(actions)
  const first = writer.openNested(1)
  text(TCA_ACT_KIND, LONGEST_KIND).write(writer, kind, 'kind')
  for (const start of [first, list, options]) writer.close(start)
}

/** The filters that can be asked to hold an action. Alone, one can be made only by root of the first user namespace. */
const holders: Readonly<Record<string, (writer: Writer, kind: string) => void>> = {
  matchall: holding(TCA_MATCHALL_ACT),
  u32: holding(TCA_U32_ACT, TCA_U32_SEL),
  flower: holding(TCA_FLOWER_ACT),
}
