/** References to sets and maps by their names: `'@web'`. */

/** The name in a reference; undefined for anything else. @internal */
export const referenced = (value: unknown): string | undefined =>
  typeof value === 'string' && value.startsWith('@') && value.length > 1 ? value.slice(1) : undefined
