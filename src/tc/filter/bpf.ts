/** `bpf`: packets that a program chooses; with direct action, the program itself says what becomes of them. */

import { native } from '../../native.js'
import { type Attribute, attributes, bits, raw, readOnly, text, typeOf, u32 } from '../../netlink/attributes.js'
import { integer, invalidType, invalidValue } from '../../netlink/check.js'
import { systemError } from '../../netlink/error.js'
import { U8, U16, U32 } from '../../netlink/scalar.js'
import { field, Struct } from '../../netlink/struct.js'
import { type Action, type ActionInfo, actions } from '../action.js'
import { computed } from '../body.js'
import { type Handle, handle } from '../handle.js'
import { type HardwareInfo, type HardwareOptions, hardware, hardwareNames } from '../hardware.js'
import { type FilterKind, filterKind } from '../kind.js'

const TCA_BPF_ACT = 1
const TCA_BPF_CLASSID = 3
const TCA_BPF_OPS_LEN = 4
const TCA_BPF_OPS = 5
const TCA_BPF_FD = 6
const TCA_BPF_NAME = 7
const TCA_BPF_FLAGS = 8
const TCA_BPF_FLAGS_GEN = 9
const TCA_BPF_TAG = 10
const TCA_BPF_ID = 11

const TCA_BPF_FLAG_ACT_DIRECT = 1

const BPF_MAXINSNS = 4096

/** An instruction of classic BPF, as `tcpdump -ddd` prints it: what is done, how far to jump if so and if not, and a number. */
export type BpfInstruction = readonly [code: number, jt: number, jf: number, k: number]

/**
 * What a bpf is told: `tc filter add … bpf`. The program is given in one of four ways: `fd`, `pinned`, `id` or `bytecode`.
 *
 * It says which packets match: 0 is none of them, -1 those that go to `flowid`, and another number the class they go to.
 */
export interface BpfOptions extends HardwareOptions {
  /** The descriptor of a program for the scheduler (BPF_PROG_TYPE_SCHED_CLS). It can be closed afterwards. */
  fd?: number | undefined
  /** Where such a program is pinned, in a file system for that (`object-pinned`): `'/sys/fs/bpf/prog'`. */
  pinned?: string | undefined
  /** The number of such a program, which takes CAP_SYS_ADMIN. It is passed over where the program is given in another way. */
  id?: number | undefined
  /** A program of classic BPF: 1 to 4096 instructions. */
  bytecode?: readonly BpfInstruction[] | undefined
  /** How the filter is listed: of a program that is pinned at `'/sys/fs/bpf/prog'` it is `'prog:[*fsobj]'`, as `tc` has it, when nothing is said. */
  name?: string | undefined
  /** What the program returns is what becomes of the packet: TC_ACT_OK, TC_ACT_SHOT, … (`direct-action`, `da`; Linux 4.4). */
  directAction?: boolean | undefined
  /** The class they go to. */
  flowid?: Handle | undefined
  /** What is done with them, one after the other. */
  actions?: readonly Action[] | undefined
}

/** What a bpf is. */
export interface BpfInfo extends HardwareInfo {
  /** The program of classic BPF. */
  bytecode?: [code: number, jt: number, jf: number, k: number][]
  /** What the filter was called. */
  name?: string
  /** The number of the program (Linux 4.13). */
  id?: number
  /** A hash of the program, in hexadecimal. */
  tag?: string
  /** What the program returns is what becomes of the packet. */
  directAction?: boolean
  /** The class they go to. */
  flowid?: Handle
  /** What is done with them. */
  actions?: ActionInfo[]
}

const instruction = new Struct('struct sock_filter', {
  code: field('code', U16),
  jt: field('jt', U8),
  jf: field('jf', U8),
  k: field('k', U32),
})

/** How many instructions there are, and the instructions. */
const bytecode: Attribute<readonly BpfInstruction[], [number, number, number, number][]> = {
  types: [TCA_BPF_OPS_LEN, TCA_BPF_OPS],
  write(writer, given, key) {
    const path = writer.where(key)
    if (!Array.isArray(given)) throw invalidType(path, 'an array of instructions', given)
    if (given.length < 1 || given.length > BPF_MAXINSNS) {
      throw invalidValue(path, given, `must have 1 to ${BPF_MAXINSNS} instructions`)
    }
    const count = writer.open(TCA_BPF_OPS_LEN)
    U16.write(writer, given.length, key)
    writer.close(count)
    const start = writer.open(TCA_BPF_OPS)
    writer.path.push(key)
    for (const [index, each] of given.entries()) {
      if (!Array.isArray(each) || each.length !== 4) {
        throw invalidType(writer.where(String(index)), 'an array of four numbers: code, jt, jf, k', each)
      }
      const [code, jt, jf, k] = each as readonly number[]
      writer.path.push(String(index))
      instruction.write(writer, { code, jt, jf, k })
      writer.path.pop()
    }
    writer.path.pop()
    writer.close(start)
  },
  read(reader, at, length, before = []) {
    if (typeOf(reader, at) === TCA_BPF_OPS_LEN) return before
    return Array.from({ length: length / instruction.size }, (_, index) => {
      const { code, jt, jf, k } = instruction.read(reader, at + index * instruction.size, instruction.size)
      return [code, jt, jf, k]
    })
  },
}

const flag = bits(TCA_BPF_FLAGS, U32)

const wire = attributes({
  flowid: handle(TCA_BPF_CLASSID),
  actions: actions(TCA_BPF_ACT),
  bytecode,
  fd: u32(TCA_BPF_FD, 0x7fff_ffff),
  name: text(TCA_BPF_NAME, 255),
  ...hardware(TCA_BPF_FLAGS_GEN),
  directAction: flag(TCA_BPF_FLAG_ACT_DIRECT),
  tag: readOnly(raw(TCA_BPF_TAG)),
  id: readOnly(u32(TCA_BPF_ID)),
})

const ways = ['fd', 'pinned', 'bytecode', 'id'] as const

/** The way the program is given. */
function wayOf(options: BpfOptions): (typeof ways)[number] {
  const [way, other] = ways.filter((name) => options[name] !== undefined)
  if (way === undefined) throw invalidValue('bpf.fd', undefined, 'has to be given, or pinned, bytecode or id')
  if (other === undefined || other === 'id') return way
  throw invalidValue(`bpf.${other}`, options[other], `is in place of ${way}: only one of them can be given`)
}

/** A program of the kernel's, open until the filter has it, and what it is called. */
function opened(options: BpfOptions, way: 'pinned' | 'id'): { told: BpfOptions; close: () => void } {
  const { pinned, id, ...rest } = options
  if (way === 'pinned' && (typeof pinned !== 'string' || pinned === '' || pinned.includes('\0'))) {
    throw invalidType('bpf.pinned', 'the path of a program', pinned)
  }
  const which = way === 'pinned' ? (pinned as string) : integer('bpf.id', id, 1, 0xffff_ffff)
  const what = way === 'pinned' ? `the program pinned at ${which}` : `program ${which}`
  try {
    const program = native.openProgram(which)
    const name = way === 'pinned' ? `${(which as string).split('/').at(-1)}:[*fsobj]` : undefined
    return { told: { ...rest, name: rest.name ?? name, fd: program.fd }, close: () => program.close() }
  } catch (error) {
    throw systemError(error, `opening ${what}`, undefined, {
      ENOENT: 'there is no such program',
      EPERM: 'it takes the capability CAP_BPF, or CAP_SYS_ADMIN',
      EACCES: 'it is no program, or not to be read',
    })
  }
}

const body = computed(
  wire,
  [...ways, 'name', 'directAction', 'flowid', 'actions', ...hardwareNames],
  ({ pinned: _, id: __, ...options }: BpfOptions, path) => {
    if (options.name !== undefined && options.bytecode !== undefined) {
      throw invalidValue(path('name'), options.name, 'is of a program of the kernel, not of bytecode')
    }
    return options
  },
  (values): BpfInfo => values as BpfInfo,
  ['tag', 'inHw', 'notInHw'],
)

/** @internal */
export const bpf: FilterKind<BpfOptions, BpfInfo> = filterKind('bpf', body, {
  placed(options: BpfOptions) {
    const way = wayOf(options)
    return way === 'pinned' || way === 'id' ? opened(options, way) : { told: options }
  },
})
