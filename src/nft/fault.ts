/** How errors say what they are about: which change, and which statement of a rule. */

import type { NftChange } from './changes.js'
import type { NftFamily } from './family.js'
import type { AnyStatement } from './statement.js'

/** What stands beside the object of a change: `{ replace: { rule }, of: … }`. @internal */
export const adverbs: ReadonlySet<string> = new Set(['to', 'of'])

interface Located {
  family: NftFamily
  table: string
  chain?: string
  name?: string
  set?: string
}

/** What a change is about, for errors: `add rule ip filter input`. Empty where that cannot be said. @internal */
export function titleOf(change: NftChange | undefined): string {
  const [[verb, object] = []] = Object.entries(change ?? {}) as [string, Record<string, Located> | null][]
  const [kind] = Object.keys(object ?? {}).filter((key) => !adverbs.has(key))
  if (kind === undefined || typeof object?.[kind] !== 'object') return ''
  const { family, table, chain, name, set } = object[kind] ?? {}
  return [verb, kind, family, table, chain ?? set, name].filter((word) => word !== undefined).join(' ')
}

/** Says of an error which change it is about. @internal */
export function inChange(error: unknown, index: number, change: NftChange | undefined): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  const title = titleOf(change)
  error.message = `changes[${index}]${title === '' ? '' : ` (${title})`}: ${error.message}`
  return error
}

/** What a statement is about, for errors: its key, or its kind. @internal */
export function statementName(statement: AnyStatement): string {
  const { kind, left, key } = statement as { kind: unknown; left?: unknown; key?: unknown }
  const about = left ?? key
  if (typeof about === 'string') return about
  return Array.isArray(about) ? about.filter((each) => typeof each === 'string').join(' . ') : String(kind)
}

/** Says of an error which statement it is about. @internal */
export function inStatement(error: unknown, index: number, statement: AnyStatement): unknown {
  if (error instanceof Error && 'code' in error) {
    const name = typeof statement === 'object' && statement !== null ? ` (${statementName(statement)})` : ''
    error.message = `statement ${index}${name}: ${error.message}`
  }
  return error
}
