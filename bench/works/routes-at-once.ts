import type { Work } from '../bench.js'
import { work as oneByOne } from './routes.js'

/** The same routes with the requests handed over together: an operation is still one route. */
export const work: Work = { ...oneByOne, id: 'W3b', title: 'a route added, 10,000 at once' }
