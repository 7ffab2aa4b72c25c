/** Statements: what a rule does, one after the other. Each sort has a file in `statements/` that says what it is in the kernel. */

import { invalidType, invalidValue, onlyKnown } from '../netlink/check.js'
import type { NftFamily } from './family.js'
import type { Program } from './program.js'

/** What every statement has. @internal */
export interface AnyStatement {
  readonly kind: string
}

/** A sort of statement. @internal */
export interface StatementKind<S extends AnyStatement> {
  readonly kind: S['kind']
  /** The families of tables that can have it; all of them, where nothing is said. */
  readonly families?: readonly NftFamily[]
  /** The type of base chain it has to be in, or be reached from. */
  readonly type?: string
  /** The hooks such a chain may have. */
  readonly hooks?: readonly string[]
  /** It keeps a state, which elements of sets can have as well. */
  readonly stateful?: true
  /** The options it has besides its kind. */
  readonly options: readonly (keyof S & string)[]
  write(statement: S, program: Program): void
}

const kinds = new Map<string, StatementKind<AnyStatement> & { readonly known: ReadonlySet<string> }>()

/** Makes a sort of statement known by its kind. @internal */
export function statementKind<S extends AnyStatement>(made: StatementKind<S>): StatementKind<S> {
  kinds.set(made.kind, {
    ...(made as unknown as StatementKind<AnyStatement>),
    known: new Set(['kind', ...made.options]),
  })
  return made
}

/** The sort a statement is of. @internal */
export const kindOf = (statement: AnyStatement | null): StatementKind<AnyStatement> | undefined =>
  kinds.get(statement?.kind ?? '')

/** Writes a statement into a program. An error begins with what it is about: `statement 2 (tcp dport)`. @internal */
export function writeStatement(statement: AnyStatement, program: Program, path: string): void {
  if (typeof statement !== 'object' || statement === null) throw invalidType(path, 'a statement', statement)
  const sort = kinds.get(statement.kind)
  if (sort === undefined) throw invalidValue(`${path}.kind`, statement.kind, 'is no statement that nslink knows')
  onlyKnown(`${path} (${sort.kind})`, statement, sort.known)
  if (sort.families !== undefined && !sort.families.includes(program.family)) {
    throw invalidValue(path, statement, `(${sort.kind}) is not to be had in a table of family ${program.family}`)
  }
  sort.write(statement, program)
}
