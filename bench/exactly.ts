/** Throws unless a list has so many items: one that is cut short would be a quick one. */
export function exactly(count: number, items: readonly unknown[]): void {
  if (items.length !== count) throw new Error(`${items.length} items were listed instead of ${count}`)
}
