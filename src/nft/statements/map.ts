/** Maps: what one value leads to. */

/** A map of the table by its name: `'@backends'`. */
export type MapReference = `@${string}`

/** What a map has for a key. */
export interface MapExpression<L = unknown, V = unknown, D = unknown> {
  /** What is looked up. */
  map: L
  /** Pairs of a value and what it leads to, or the name of a map. */
  data: readonly (readonly [V | '*', D])[] | MapReference
}
