/** What an example is. */

import type { Lab } from './lab.js'

/** What the kernel may lack, as `features.has` spells it; a program; or the rights of root in the first user namespace. */
export type Need = `${'link' | 'qdisc' | 'filter' | 'action'}:${string}` | `program:${keyof typeof packages}` | 'root'

/** Which Debian package has a program. */
export const packages = { etcd: 'etcd-server' } as const

export interface Scenario {
  /** Its name, which is that of its file. */
  name: string
  /** What it shows, in a line. */
  title: string
  /** Where the network is from. */
  article: string
  /** The steps without each of which it fails. */
  keys: readonly string[]
  /** What it takes besides. */
  needs?: readonly Need[]
  /** With what of the kernel it shows more. */
  gains?: readonly (Need | 'ability:ipvs')[]
  /** Further steps of that sort, where the kernel has all of that. */
  gainedKeys?: readonly string[]
}

export interface Example extends Scenario {
  story(lab: Lab): Promise<void>
}

export const scenario = (about: Scenario, story: Example['story']): Example => ({ ...about, story })
