/** What is asked of the kernel about its ruleset. */

import { attributes, be32, type Schema } from '../netlink/attributes.js'
import { type Answer, type Operation, type Request, settle } from '../netlink/operation.js'
import { Reader } from '../netlink/writer.js'
import { message, nfgenmsg, nftSchema, writeHeader } from './wire.js'

const NFT_MSG_NEWGEN = 15
const NFT_MSG_GETGEN = 16

const NFTA_GEN_ID = 1

const generationTable = attributes({ id: be32(NFTA_GEN_ID) })
const generationSchema = nftSchema({ NFT_MSG_NEWGEN, NFT_MSG_GETGEN }, generationTable)

/** A copy of a message's attributes, to be understood when everything that they refer to is there. @internal */
export interface Copied {
  /** The number of the family. */
  readonly family: number
  readonly reader: Reader
}

const copy = (reader: Reader, at: number, length: number): Copied => ({
  family: reader.view.getUint8(at),
  reader: new Reader(reader.bytes.slice(at + nfgenmsg.size, at + length)),
})

/** Which ruleset it is, and the devices of the namespace that has it. @internal */
export interface Generation {
  readonly id: number
  readonly names: Answer['names']
}

/** @internal */
export function* generationNow(doing: string): Operation<Generation> {
  const request: Request = {
    type: message(NFT_MSG_GETGEN),
    flags: 0,
    schema: generationSchema,
    doing,
    subject: undefined,
    encode: (writer) => writeHeader(writer, 0),
    decode: (reader, at, length) => generationTable.read(reader, at + nfgenmsg.size, length - nfgenmsg.size).id,
  }
  const [answer] = (yield* settle([request])) as readonly [Answer]
  if (answer.error !== undefined) throw answer.error
  return { id: answer.items[0] as number, names: answer.names }
}

/** A request for one object, or with `dump` for a list of them. @internal */
export const query = (
  type: number,
  schema: Schema,
  family: number,
  doing: string,
  dump: boolean,
  encode: Request['encode'] = () => undefined,
): Request => ({
  type: message(type),
  flags: 0,
  schema,
  doing,
  subject: undefined,
  dump,
  encode(writer) {
    writeHeader(writer, family)
    encode(writer)
  },
  decode: copy,
})

/** What was decoded of answers, if none of them failed. @internal */
export function itemsOf(answers: readonly Answer[]): Copied[][] {
  for (const { error } of answers) if (error !== undefined) throw error
  return answers.map(({ items }) => items as Copied[])
}
