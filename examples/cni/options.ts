/** Options of a configuration, each of the type it is to have. */

import { CniError, code } from './protocol.js'

type Types = { string: string; boolean: boolean; number: number; object: Record<string, unknown> }

/** An option; undefined when it is not given. */
export function option<T extends keyof Types>(options: object, name: string, type: T): Types[T] | undefined {
  const value: unknown = Reflect.get(options, name)
  if (value === undefined || (typeof value === type && value !== null)) return value as Types[T] | undefined
  throw new CniError(code.config, `${name}: not of type ${type}: ${JSON.stringify(value)}`)
}

/** An option that has to be given. */
export function required<T extends keyof Types>(options: object, name: string, type: T): Types[T] {
  const value = option(options, name, type)
  if (value === undefined) throw new CniError(code.config, `${name}: has to be given`)
  return value
}
