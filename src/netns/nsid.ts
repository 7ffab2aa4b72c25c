/** The numbers by which a namespace knows others: `ip netns set`, `ip netns list-id`. */

import { descriptorOf, type NetnsRef } from '../namespace.js'
import { attributes, ignored, type Schema, s32, u32 } from '../netlink/attributes.js'
import { integer } from '../netlink/check.js'
import { ask, done, dump, type Operation, type Request } from '../netlink/operation.js'
import { U8 } from '../netlink/scalar.js'
import { field, Struct } from '../netlink/struct.js'
import type { Reader, Writer } from '../netlink/writer.js'

const RTM_NEWNSID = 88
const RTM_DELNSID = 89
const RTM_GETNSID = 90

const NETNSA_NSID = 1
const NETNSA_PID = 2
const NETNSA_FD = 3
const NETNSA_TARGET_NSID = 4
const NETNSA_CURRENT_NSID = 5

const NETNSA_NSID_NOT_ASSIGNED = -1

const rtgenmsg = new Struct('struct rtgenmsg', { family: field('rtgen_family', U8) })

const table = attributes({
  nsid: s32(NETNSA_NSID),
  pid: u32(NETNSA_PID),
  fd: u32(NETNSA_FD),
  targetNsid: s32(NETNSA_TARGET_NSID),
  currentNsid: ignored(NETNSA_CURRENT_NSID),
})

/** @internal */
export const nsidSchema = {
  messages: { RTM_NEWNSID, RTM_DELNSID, RTM_GETNSID },
  header: rtgenmsg,
  table,
} satisfies Schema

/** The numbers by which this namespace knows others. They appear as `linkNetnsid` of a link whose other end is elsewhere. */
export class NsidOperations {
  /** The number this namespace has for another; undefined when it has none. */
  *get(ref: NetnsRef): Operation<number | undefined> {
    return yield* ask(getRequest(ref))
  }

  /**
   * Gives another namespace a number here: `ip netns set`. Without one the kernel chooses. Returns the number.
   *
   * @throws NetlinkError EEXIST when that namespace has a number already, or the number is another's
   */
  *set(ref: NetnsRef, nsid?: number): Operation<number> {
    if (nsid !== undefined) integer('nsid', nsid, 0, 0x7fff_ffff)
    done(
      yield {
        ...about(ref, 'nsid.set', nsid ?? NETNSA_NSID_NOT_ASSIGNED),
        type: RTM_NEWNSID,
      },
    )
    return nsid ?? ((yield* this.get(ref)) as number)
  }

  /** All numbers this namespace has given, in no particular order: `ip netns list-id`. */
  *list(): Operation<number[]> {
    return yield* dump<number>({
      type: RTM_GETNSID,
      flags: 0,
      dump: true,
      schema: nsidSchema,
      doing: 'nsid.list',
      subject: undefined,
      encode: writeHeader,
      decode,
    })
  }
}

/** Asks for the number of a namespace. @internal */
export const getRequest = (ref: NetnsRef): Request & { decode: typeof decode } => ({
  ...about(ref, 'nsid.get', undefined),
  type: RTM_GETNSID,
  decode,
})

function about(ref: NetnsRef, doing: string, nsid: number | undefined): Omit<Request, 'type'> {
  return {
    flags: 0,
    schema: nsidSchema,
    doing,
    subject: typeof ref === 'string' ? ref : undefined,
    encode(writer) {
      writeHeader(writer)
      const { fd, opened } = descriptorOf(ref, 'netns')
      if (opened) writer.afterwards.push(() => opened.close())
      table.write(writer, { fd, nsid }, doing)
    },
  }
}

/** The struct is one byte, and attributes start at the next multiple of four. */
function writeHeader(writer: Writer): void {
  rtgenmsg.write(writer, {})
  writer.zeros(3)
}

/** Reads a number from a message of the kernel's. @internal */
export function decode(reader: Reader, at: number, length: number): number | undefined {
  const { nsid } = table.read(reader, at + 4, length - 4)
  return nsid === NETNSA_NSID_NOT_ASSIGNED ? undefined : nsid
}
