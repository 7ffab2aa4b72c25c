/** What operations take, by how much there is around them, as a picture: a panel for each operation, and a line in it for each peer. */

import type { Finding } from './bench.js'
import { amount, time } from './figures.js'
import { PEERS } from './scale.js'

const [WIDTH, HEIGHT, TOP, BOTTOM, LEFT, RIGHT] = [760, 260, 62, 30, 56, 24]
const COLOURS = ['#5c6670', '#1f6feb', '#f0883e']

export function lines(title: string, findings: readonly Finding[]): string {
  const operations = [...new Set(findings.flatMap(({ place }) => (place === undefined ? [] : [place.operation])))]
  const width = WIDTH / operations.length
  const panels = operations.map((operation, at) =>
    panel(
      operation,
      findings.filter(({ place }) => place?.operation === operation),
      at * width,
      width,
    ),
  )
  const legend = PEERS.map(
    (peer, at) => `<text x="${WIDTH - 290 + at * 100}" y="20" fill="${COLOURS[at]}" font-weight="bold">${peer}</text>`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    `<text x="8" y="20" font-weight="bold">${title}</text>`,
    ...legend,
    ...panels,
    '</svg>\n',
  ].join('\n')
}

function panel(operation: string, findings: readonly Finding[], x: number, width: number): string {
  const figures = findings.flatMap(({ figures }) => PEERS.map((peer) => figures[peer] ?? 0))
  const most = Math.max(...figures) * 1.1
  const [left, bottom] = [x + LEFT, HEIGHT - BOTTOM]
  // The sizes are ten times as many each, so that they stand as far from each other.
  const across = (at: number): number => left + (at * (width - LEFT - RIGHT)) / Math.max(1, findings.length - 1)
  const up = (figure: number): number => bottom - ((bottom - TOP) * figure) / most
  return [
    `<text x="${left}" y="${TOP - 14}">${operation}</text>`,
    `<path d="M${left} ${TOP}V${bottom}H${x + width - RIGHT}" fill="none" stroke="#b6c2cf"/>`,
    ...[most / 2.2, most / 1.1].map(
      (figure) => `<text x="${left - 4}" y="${up(figure) + 4}" text-anchor="end" font-size="10">${time(figure)}</text>`,
    ),
    ...findings.map(
      ({ place }, at) =>
        `<text x="${across(at)}" y="${bottom + 16}" text-anchor="middle" font-size="10">${amount(place?.size ?? 0)}</text>`,
    ),
    ...PEERS.map((peer, at) => {
      const points = findings.map(({ figures }, size) => `${across(size)},${up(figures[peer] ?? 0).toFixed(1)}`)
      return `<polyline points="${points.join(' ')}" fill="none" stroke="${COLOURS[at]}" stroke-width="2"/>`
    }),
  ].join('\n')
}
