/** A topology in the words of Mermaid, which many pages draw. */

import type { Edge, Topology } from './topology.js'

const arrows: Readonly<Record<Edge['kind'], string>> = { cable: '---', port: '-->', upon: '-->', tunnel: '-.-' }

export function mermaid({ namespaces, edges }: Topology): string {
  const ids = new Map<string, string>()
  const lines = ['flowchart TB']
  for (const { name, devices } of namespaces) {
    lines.push(`  subgraph ${name}`)
    for (const { id, name, lines: more } of devices) {
      // Dots, dashes and words such as "end" mean something to Mermaid.
      ids.set(id, `d${ids.size}`)
      lines.push(`    ${ids.get(id)}["${[name, ...more].join('<br>')}"]`)
    }
    lines.push('  end')
  }
  for (const { kind, from, to } of edges) lines.push(`  ${ids.get(from)} ${arrows[kind]} ${ids.get(to)}`)
  return `${lines.join('\n')}\n`
}
