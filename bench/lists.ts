/** What `make` makes of 0, 1 and so on, `count` of them. */
export const each = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

/** Throws unless a list has so many items: one that is cut short would be a quick one. */
export function exactly(count: number, items: readonly unknown[]): void {
  if (items.length !== count) throw new Error(`${items.length} items were listed instead of ${count}`)
}
