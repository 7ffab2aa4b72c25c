/** Figures as text. */

/** A time with its unit, to three digits or so. */
export function time(nanoseconds: number): string {
  if (nanoseconds < 1000) return `${nanoseconds.toFixed(0)} ns`
  if (nanoseconds < 1e6) return `${(nanoseconds / 1000).toFixed(nanoseconds < 1e5 ? 1 : 0)} µs`
  if (nanoseconds < 1e10) return `${(nanoseconds / 1e6).toFixed(nanoseconds < 1e7 ? 2 : nanoseconds < 1e9 ? 1 : 0)} ms`
  return `${(nanoseconds / 1e9).toFixed(1)} s`
}

/** A ratio of two times. */
export const times = (ratio: number): string => ratio.toFixed(ratio < 10 ? 2 : 0)

/** An amount of memory. */
export function memory(bytes: number): string {
  if (Math.abs(bytes) < 10_000) return `${bytes.toFixed(0)} B`
  if (Math.abs(bytes) < 2 ** 20) return `${(bytes / 1024).toFixed(0)} KiB`
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`
}

/** A part of a whole. */
export const share = (part: number): string => `${(100 * part).toFixed(part > 0 && part < 0.1 ? 1 : 0)} %`

/** A number of things. */
export const amount = (number: number): string =>
  Number.isInteger(number) || number > 1000 ? Math.round(number).toLocaleString('en') : number.toFixed(1)

/** The middle one of some figures. */
export const median = (figures: readonly number[]): number =>
  [...figures].sort((a, b) => a - b)[figures.length >> 1] ?? Number.NaN

/** Lines of cells under each other; the first column starts at the left, the others end at the right. */
export function columns(rows: readonly (readonly string[])[]): string {
  const width = (at: number): number => Math.max(...rows.map((row) => row[at]?.length ?? 0))
  const line = (row: readonly string[]): string =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(width(at)) : cell.padStart(width(at)))).join('  ')
  return rows.map((row) => `  ${line(row).trimEnd()}\n`).join('')
}
