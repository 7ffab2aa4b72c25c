/** What the running kernel can do. */

import { release } from 'node:os'
import type { PlannedGroups } from '../groups.js'
import { invalidType, invalidValue, oneOf } from '../netlink/check.js'
import type { Operation } from '../netlink/operation.js'
import { type abilities, abilityNames, able } from './abilities.js'
import { kindGroups, kindNames } from './kinds.js'
import { known, LONGEST_KIND } from './known.js'

/** The kinds that are looked for. @interface */
export type FeatureKinds = { [G in keyof typeof kindNames]: (typeof kindNames)[G][number] }

/**
 * What depends on the kernel's version, or on how it was built, besides its kinds. The name says where it is needed: `'rule.dscp'` by
 * `rule.add({ dscp })`, `'fdb.get'` by `fdb.get`. @interface
 */
export type Abilities = { [K in keyof typeof abilities]: boolean }

/** What the running kernel can do. */
export interface Features {
  /** Its version: `uname -r`. */
  kernel: string
  /** Which kinds of link there are: `ip link add type KIND`. */
  link: Record<FeatureKinds['link'], boolean>
  /** Which kinds of queueing discipline: `tc qdisc add dev DEV root KIND`. */
  qdisc: Record<FeatureKinds['qdisc'], boolean>
  /** Which kinds of filter: `tc filter add dev DEV ingress KIND`. */
  filter: Record<FeatureKinds['filter'], boolean>
  /** Which kinds of action, for filters that can hold any: `tc filter add … action KIND`. */
  action: Record<FeatureKinds['action'], boolean>
  /** What else there is. */
  ability: Abilities
}

/** One of {@link Features}: a kind, by any name that it may have, or an ability: `'link:ipvlan'`, `'qdisc:netem'`, `'ability:nexthop'`. */
export type Feature = `${keyof FeatureKinds}:${string}` | `ability:${keyof Abilities}`

/** Asks for everything. @internal */
export function* all(groups: PlannedGroups): Operation<Features> {
  const found: Record<string, Record<string, boolean>> = {}
  for (const group of kindGroups) {
    const names: readonly string[] = kindNames[group]
    const has = yield* known(group, names)
    found[group] = Object.fromEntries(names.map((name, index) => [name, has[index] === true]))
  }
  const ability: Partial<Abilities> = {}
  for (const name of abilityNames) ability[name] = yield* able(name, groups)
  return { kernel: release(), ...found, ability } as Features
}

const groups = [...kindGroups, 'ability'] as const

/** Asks for one thing. @internal */
export function one(feature: Feature): (groups: PlannedGroups) => Operation<boolean> {
  if (typeof feature !== 'string') throw invalidType('feature', "a string such as 'link:vxlan'", feature)
  const [, first, name = ''] = /^([^:]*):(.*)$/s.exec(feature) ?? []
  if (first === undefined) throw invalidValue('feature', feature, "must be spelt as in 'link:vxlan'")
  const group = oneOf('feature', first, groups)
  if (group === 'ability') {
    const ability = oneOf('feature', name, abilityNames)
    return (groups) => able(ability, groups)
  }
  if (!/^[\w-]+$/.test(name) || name.length > LONGEST_KIND) {
    throw invalidValue('feature', feature, `must name a kind of at most ${LONGEST_KIND} letters, digits, '_' and '-'`)
  }
  return function* () {
    return (yield* known(group, [name]))[0] === true
  }
}

/** What the running kernel can do, asked of the kernel itself: a function, and `has` for one thing. */
export interface FeaturesGroup {
  /**
   * Everything that is looked for.
   *
   * ```ts
   * const { kernel, link, ability } = await features()
   * if (!link.ipvlan) console.error(`Linux ${kernel} has no ipvlan`)
   * ```
   *
   * @throws NetlinkError EPERM without CAP_SYS_ADMIN and CAP_NET_ADMIN
   */
  (): Promise<Features>
  /**
   * One thing: a kind by any name, `'link:ipvlan'`, `'qdisc:netem'`, `'filter:flower'`, `'action:police'`; or one of {@link Abilities},
   * `'ability:nexthop'`.
   *
   * @throws TypeError ERR_INVALID_ARG_VALUE when there is no such ability, or the name can be none of a kind
   * @throws NetlinkError EPERM without CAP_SYS_ADMIN and CAP_NET_ADMIN
   */
  has(feature: Feature): Promise<boolean>
}

/** What the running kernel can do, asked of the kernel itself: a function, and `has` for one thing. */
export interface DirectFeaturesGroup {
  /**
   * Everything that is looked for.
   *
   * @throws NetlinkError EPERM without CAP_SYS_ADMIN and CAP_NET_ADMIN
   */
  (): Features
  /**
   * One thing: a kind by any name, `'link:ipvlan'`, `'qdisc:netem'`, `'filter:flower'`, `'action:police'`; or one of {@link Abilities},
   * `'ability:nexthop'`.
   *
   * @throws TypeError ERR_INVALID_ARG_VALUE when there is no such ability, or the name can be none of a kind
   * @throws NetlinkError EPERM without CAP_SYS_ADMIN and CAP_NET_ADMIN
   */
  has(feature: Feature): boolean
}
