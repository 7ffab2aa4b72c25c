/** Statements that keep a state, which the elements of a set can have each for themselves: `counter`, `limit`, `quota`. */

import { invalidType, invalidValue } from '../netlink/check.js'
import type { Names } from '../netlink/writer.js'
import { Decoder } from './decoder.js'
import type { Instruction } from './expression.js'
import type { NftFamily } from './family.js'
import { Program } from './program.js'
import { type AnyStatement, kindOf, writeStatement } from './statement.js'

/** Writes what each element of a set has. @internal */
export type WriteStateful = (statements: unknown, path: string) => readonly Instruction[]
/** Reads it. @internal */
export type ReadStateful = (instructions: readonly Instruction[]) => AnyStatement[]

const none = {
  named(_name: string, path: string): never {
    throw invalidValue(path, undefined, 'cannot refer to a set here')
  },
  anonymous(): never {
    throw new TypeError('what an element has brings no set with it')
  },
}

/** @internal */
export const writeStateful =
  (family: NftFamily, names: Names): WriteStateful =>
  (statements, path) => {
    if (!Array.isArray(statements)) throw invalidType(path, 'an array', statements)
    return (statements as AnyStatement[]).flatMap((statement, index) => {
      const where = `${path}.${index}`
      const program = new Program(family, names, none, () => undefined)
      writeStatement(statement, program, where)
      if (!kindOf(statement)?.stateful) {
        throw invalidValue(where, statement, 'must be a statement that keeps a state, such as a counter')
      }
      return program.finish()
    })
  }

/** @internal */
export const readStateful =
  (family: NftFamily, names: Names): ReadStateful =>
  (instructions) =>
    Decoder.read(family, instructions, names, new Map())
