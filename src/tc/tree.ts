/** The qdiscs, classes and filters of a device as one object, for people who look. */

import type { Operation } from '../netlink/operation.js'
import type { Device } from '../rtnetlink.js'
import { listClasses, type TcClass } from './class.js'
import type { Filter } from './filter.js'
import { listFilters } from './filter-message.js'
import type { FilterParent } from './handle.js'
import type { Qdisc } from './qdisc.js'

/** A qdisc with all that is in it. */
export interface QdiscNode extends Qdisc {
  /** Its filters. Those of a `clsact` are of the ingress and the egress, which their `parent` says. */
  filters: Filter[]
  /** Its classes that have none above. */
  classes: ClassNode[]
}

/** A class with all that is in it. */
export interface ClassNode extends TcClass {
  /** The filters that are asked in it. */
  filters: Filter[]
  /** The classes beneath it. */
  classes: ClassNode[]
  /** The qdisc in it. */
  qdisc?: QdiscNode
}

/** What a device does with packets. */
export interface QdiscTree {
  /** What it does with those it sends. */
  root?: QdiscNode
  /** What it does with those it receives, and with those it sends before they are queued. */
  ingress?: QdiscNode
}

/** Where the filters of a qdisc are. */
const places = ({ kind, handle }: Qdisc): FilterParent[] =>
  kind === 'clsact' ? ['ingress', 'egress'] : kind === 'ingress' ? ['ingress'] : handle === '0:' ? [] : [handle]

/** Puts what is listed of a device together. @internal */
export function* grow(dev: Device, qdiscs: readonly Qdisc[]): Operation<QdiscTree> {
  const classes = yield* listClasses('qdisc.tree', { dev })

  function* filtersOf(parents: readonly FilterParent[]): Operation<Filter[]> {
    const found: Filter[] = []
    for (const parent of parents) found.push(...(yield* listFilters('qdisc.tree', { dev, parent })))
    return found
  }

  function* classNode(each: TcClass): Operation<ClassNode> {
    const beneath = classes.filter(({ parent }) => parent === each.classid)
    const inside = qdiscs.find(({ parent }) => parent === each.classid)
    const nodes: ClassNode[] = []
    for (const child of beneath) nodes.push(yield* classNode(child))
    return {
      ...each,
      // Filters are in those that have others beneath them, for there it is yet to be chosen.
      filters: nodes.length > 0 ? yield* filtersOf([each.classid]) : [],
      classes: nodes,
      ...(inside !== undefined && { qdisc: yield* qdiscNode(inside) }),
    }
  }

  function* qdiscNode(qdisc: Qdisc): Operation<QdiscNode> {
    const filters = yield* filtersOf(places(qdisc))
    const nodes: ClassNode[] = []
    for (const each of classes) if (isTop(each, qdisc)) nodes.push(yield* classNode(each))
    return { ...qdisc, filters, classes: nodes }
  }

  const [root, ingress] = ['root', 'ingress'].map((place) =>
    qdiscs.find(({ parent }) => parent === place || (place === 'ingress' && parent === 'clsact')),
  )
  return {
    ...(root !== undefined && { root: yield* qdiscNode(root) }),
    ...(ingress !== undefined && { ingress: yield* qdiscNode(ingress) }),
  }
}

/** Whether a class is of a qdisc, and right beneath it. */
function isTop({ classid, parent }: TcClass, { handle }: Qdisc): boolean {
  const major = classid.split(':', 1)[0]
  return (major || '0') === handle.split(':', 1)[0] && (parent === undefined || parent === 'root' || parent === handle)
}
