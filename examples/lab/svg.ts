/** A topology as a picture: namespaces as boxes in storeys, each above the one it hangs on, with the first at the bottom. */

import type { Device, Edge, Topology } from './topology.js'

/** Of the letters, and of what is around them. */
const [LETTER, LINE, PADDING, GAP, TITLE, BELOW] = [7.3, 16, 8, 24, 22, 26]

interface Box {
  x: number
  y: number
  width: number
  height: number
}

interface Namespace {
  name: string
  devices: Device[]
  /** What hangs on it: the namespaces that are joined to it, and not to one nearer to the first. */
  above: Namespace[]
  storey: number
  box: Box
}

export function svg({ namespaces, edges }: Topology): string {
  const all = grown(namespaces, edges)
  const height = Math.max(...all.map(({ box }) => box.height))
  const storeys = 1 + Math.max(...all.map(({ storey }) => storey))
  const roots = all.filter(({ storey }) => storey === 0)
  let width = GAP
  for (const root of roots) width += place(root, width, storeys, height) + GAP

  const devices = new Map<string, Box>()
  const drawn: string[] = []
  for (const namespace of all) {
    const { name, box } = namespace
    drawn.push(rectangle(box, '#f4f6f8', '#8a94a0'), text(box.x + PADDING, box.y + LINE, name, 'bold'))
    let x = box.x + PADDING
    for (const device of namespace.devices) {
      const [wide, high] = sizeOf(device)
      const own = { x, y: box.y + TITLE + PADDING, width: wide, height: high }
      devices.set(device.id, own)
      drawn.push(rectangle(own, '#ffffff', '#4a5560'))
      for (const [at, line] of [device.name, ...device.lines].entries()) {
        drawn.push(text(x + PADDING, own.y + LINE * (at + 1), line, at === 0 ? 'bold' : 'normal'))
      }
      x += wide + PADDING
    }
  }
  for (const { kind, from, to } of edges) drawn.push(line(kind, devices.get(from) as Box, devices.get(to) as Box))
  const [w, h] = [Math.round(width), Math.round(storeys * (height + 2 * GAP) + GAP)]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" font-family="monospace" font-size="12">`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    ...drawn,
    '</svg>\n',
  ].join('\n')
}

/** Finds out what hangs on what. */
function grown(namespaces: Topology['namespaces'], edges: readonly Edge[]): Namespace[] {
  const all = namespaces.map((each): Namespace => ({ ...each, above: [], storey: -1, box: boxOf(each.devices) }))
  const of = (id: string): Namespace | undefined =>
    all.find(({ devices }) => devices.some((device) => device.id === id))
  const joined = edges.filter(({ kind }) => kind !== 'tunnel').map(({ from, to }) => [of(from), of(to)])
  for (const root of all) {
    if (root.storey >= 0) continue
    root.storey = 0
    for (const waiting = [root]; waiting.length > 0; ) {
      const one = waiting.shift() as Namespace
      for (const pair of joined) {
        const other = pair[0] === one ? pair[1] : pair[1] === one ? pair[0] : undefined
        if (other === undefined || other.storey >= 0) continue
        other.storey = one.storey + 1
        one.above.push(other)
        waiting.push(other)
      }
    }
  }
  return all
}

function sizeOf({ name, lines }: Device): [width: number, height: number] {
  const longest = Math.max(...[name, ...lines].map(({ length }) => length))
  return [longest * LETTER + 2 * PADDING, (1 + lines.length) * LINE + PADDING]
}

function boxOf(devices: readonly Device[]): Box {
  const sizes = devices.map(sizeOf)
  const width = sizes.reduce((sum, [wide]) => sum + wide + PADDING, PADDING)
  const height = TITLE + PADDING + Math.max(LINE, ...sizes.map(([, high]) => high)) + BELOW
  return { x: 0, y: 0, width: Math.max(width, 90), height }
}

/** Gives a namespace and what hangs on it their places, from `x` on; returns how wide all that is. */
function place(namespace: Namespace, x: number, storeys: number, height: number): number {
  const { above, box, storey } = namespace
  let wide = 0
  for (const each of above) wide += place(each, x + wide, storeys, height) + GAP
  const width = Math.max(box.width, wide - GAP)
  // What hangs on one that is wider is in its middle.
  if (box.width > wide - GAP) for (const each of above) shift(each, (box.width - (wide - GAP)) / 2)
  box.x = x + (width - box.width) / 2
  box.y = GAP + (storeys - 1 - storey) * (height + 2 * GAP)
  return width
}

function shift({ above, box }: Namespace, by: number): void {
  box.x += by
  for (const each of above) shift(each, by)
}

const styles: Readonly<Record<Edge['kind'], string>> = {
  cable: 'stroke="#1f6feb" stroke-width="2"',
  port: 'stroke="#8a94a0" stroke-width="1.5"',
  upon: 'stroke="#8a94a0" stroke-width="1.5" stroke-dasharray="2 3"',
  tunnel: 'stroke="#bf5b04" stroke-width="2" stroke-dasharray="6 4"',
}

/** From one device to another: down to a lower storey, and as an arc within one; tunnels over the top, all else below. */
function line(kind: Edge['kind'], a: Box, b: Box): string {
  const [upper, lower] = a.y <= b.y ? [a, b] : [b, a]
  const [x1, x2] = [upper.x + upper.width / 2, lower.x + lower.width / 2]
  let path: string
  if (lower.y - upper.y > upper.height) {
    const [y1, y2] = [upper.y + upper.height, lower.y]
    const middle = (y1 + y2) / 2
    path = `M${n(x1)} ${n(y1)} C${n(x1)} ${n(middle)} ${n(x2)} ${n(middle)} ${n(x2)} ${n(y2)}`
  } else if (kind === 'tunnel') {
    const y = upper.y - TITLE - 2 * GAP
    path = `M${n(x1)} ${n(upper.y)} C${n(x1)} ${n(y)} ${n(x2)} ${n(y)} ${n(x2)} ${n(lower.y)}`
  } else {
    const [y1, y2] = [upper.y + upper.height, lower.y + lower.height]
    const y = Math.max(y1, y2) + BELOW
    path = `M${n(x1)} ${n(y1)} C${n(x1)} ${n(y)} ${n(x2)} ${n(y)} ${n(x2)} ${n(y2)}`
  }
  return `<path d="${path}" fill="none" ${styles[kind]}/>`
}

const n = (value: number): number => Math.round(value * 10) / 10

const rectangle = ({ x, y, width, height }: Box, fill: string, stroke: string): string =>
  `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="4" fill="${fill}" stroke="${stroke}"/>`

const text = (x: number, y: number, what: string, weight: string): string =>
  `<text x="${n(x)}" y="${n(y)}" font-weight="${weight}" fill="#1c2126">${what.replace(/[&<]/g, (c) => (c === '&' ? '&amp;' : '&lt;'))}</text>`
