/** Rates as bars: what somebody else has measured beside what was seen here. */

const [NAME, BAR, HIGH, GAP, TOP, NUMBER] = [150, 240, 14, 12, 54, 90]

/** A way, with the rates of its series, in the unit of the column. What was not measured is undefined. */
export interface Row {
  name: string
  rates: readonly (number | undefined)[]
}

export interface Column {
  title: string
  unit: string
  rows: readonly Row[]
}

const COLOURS = ['#1f6feb', '#bf5b04']

/** Columns side by side, each to a scale of its own, with the same rows in the same order. */
export function bars(series: readonly string[], columns: readonly Column[]): string {
  const names = columns[0]?.rows.map(({ name }) => name) ?? []
  const row = series.length * (HIGH + 2) + GAP
  const [width, height] = [NAME + columns.length * (BAR + NUMBER), TOP + names.length * row]
  const drawn: string[] = []
  for (const [at, name] of series.entries()) {
    const x = 8 + at * 170
    drawn.push(`<rect x="${x}" y="8" width="12" height="12" fill="${COLOURS[at]}"/>`, text(x + 18, 18, name))
  }
  for (const [at, name] of names.entries()) drawn.push(text(8, TOP + at * row + HIGH + 1, name, 'bold'))
  for (const [at, { title, unit, rows }] of columns.entries()) {
    const left = NAME + at * (BAR + NUMBER)
    const most = Math.max(...rows.flatMap(({ rates }) => rates.map((rate) => rate ?? 0)))
    drawn.push(text(left, TOP - 12, `${title}, ${unit}`, 'bold'))
    for (const [line, { rates }] of rows.entries()) {
      for (const [which, rate] of rates.entries()) {
        const y = TOP + line * row + which * (HIGH + 2)
        const long = Math.round((BAR * (rate ?? 0)) / most)
        drawn.push(`<rect x="${left}" y="${y}" width="${long}" height="${HIGH}" fill="${COLOURS[which]}"/>`)
        drawn.push(text(left + long + 6, y + HIGH - 3, rate === undefined ? '–' : rate.toFixed(1)))
      }
    }
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="monospace" font-size="12">`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    ...drawn,
    '</svg>\n',
  ].join('\n')
}

const text = (x: number, y: number, what: string, weight = 'normal'): string =>
  `<text x="${x}" y="${y}" font-weight="${weight}" fill="#1c2126">${what}</text>`
