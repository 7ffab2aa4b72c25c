import type { Work } from '../bench.js'

/** A process that does next to nothing, for what importing costs. What all of it takes beside is Node's. */
export const work: Work = {
  id: 'start',
  title: 'a process that imports it, and has a first answer',
  count: 4,
  baseline: 'an empty addon',
  stage: () => undefined,
}
