/** A work's figures as a picture: a bar for each peer, on a logarithmic scale. */

import { time, times } from './figures.js'
import type { Result, WorkReport } from './report.js'

const [WIDTH, LABELS, FIGURES, ROW, TOP, BOTTOM] = [760, 170, 150, 22, 34, 12]
/** Whose figures they are about. */
const OURS = /^nslink/

export function chart({ title, baseline, results }: WorkReport): string {
  const shown = results.filter(({ failure }) => failure === undefined)
  const medians = shown.map(({ median }) => median)
  // The shortest bar is to be seen, too.
  const [least, most] = [Math.min(...medians) / 2, Math.max(...medians)]
  const length = (median: number): number =>
    ((WIDTH - LABELS - FIGURES) * Math.log(median / least)) / Math.log(most / least)
  const height = TOP + shown.length * ROW + BOTTOM
  const rows = shown.map((result, at) => row(result, TOP + at * ROW, length(result.median)))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    `<text x="8" y="20" font-weight="bold">${escaped(title)}</text>`,
    `<text x="${WIDTH - 8}" y="20" text-anchor="end" fill="#5c6670">median, and ratio to ${escaped(baseline)}; the scale is logarithmic</text>`,
    ...rows,
    '</svg>\n',
  ].join('\n')
}

function row({ peer, median, ratio }: Result, y: number, length: number): string {
  const beside = Number.isNaN(ratio) ? '' : ` · ${times(ratio)}`
  const weight = OURS.test(peer) ? 'bold' : 'normal'
  return [
    `<text x="${LABELS - 8}" y="${y + 15}" text-anchor="end" font-weight="${weight}">${escaped(peer)}</text>`,
    `<rect x="${LABELS}" y="${y + 3}" width="${length.toFixed(1)}" height="${ROW - 6}" fill="${OURS.test(peer) ? '#1f6feb' : '#b6c2cf'}"/>`,
    `<text x="${(LABELS + length + 6).toFixed(1)}" y="${y + 15}" font-weight="${weight}">${time(median)}${beside}</text>`,
  ].join('\n')
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
