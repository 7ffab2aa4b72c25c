import type { Work } from '../bench.js'
import { work as one } from './pod.js'

/** What a node agent does when its machine starts: the cost of a pod must not grow with those that are there. */
export const work: Work = { ...one, id: 'W7', title: 'a pod set up, one of 1,000', count: 1000 }
