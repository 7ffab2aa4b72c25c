/** Verdicts as data, and as the kernel has them. */

import { invalidType, invalidValue, onlyKnown } from '../netlink/check.js'
import type { VerdictData } from './expression.js'
import { nftName } from './wire.js'

const NF_DROP = 0
const NF_ACCEPT = 1
const NFT_CONTINUE = -1
const NFT_JUMP = -3
const NFT_GOTO = -4
const NFT_RETURN = -5

/** The packet goes on: no other rule of this hook sees it, but chains of later priority do. */
export interface Accept {
  /** Which statement it is. */
  kind: 'accept'
}
/** The packet is gone. */
export interface Drop {
  /** Which statement it is. */
  kind: 'drop'
}
/** The next rule sees it. */
export interface Continue {
  /** Which statement it is. */
  kind: 'continue'
}
/** It goes back to the rule after the one that jumped here; in a base chain, its policy decides. */
export interface Return {
  /** Which statement it is. */
  kind: 'return'
}
/** Another chain sees it, and then the next rule, if that chain has not decided. */
export interface Jump {
  /** Which statement it is. */
  kind: 'jump'
  /** The chain. */
  chain: string
}
/** Another chain sees it. When that has not decided, it is as if this one had ended. */
export interface Goto {
  /** Which statement it is. */
  kind: 'goto'
  /** The chain. */
  chain: string
}

/** What becomes of a packet. */
export type Verdict = Accept | Drop | Continue | Return | Jump | Goto

const codes = {
  accept: NF_ACCEPT,
  drop: NF_DROP,
  continue: NFT_CONTINUE,
  return: NFT_RETURN,
  jump: NFT_JUMP,
  goto: NFT_GOTO,
} as const
const kinds = new Map(Object.entries(codes).map(([kind, code]) => [code as number, kind as Verdict['kind']]))

const plainNames = new Set(['kind'])
const chainNames = new Set(['kind', 'chain'])

/** @internal */
export const verdictKinds = Object.keys(codes) as Verdict['kind'][]

/** @internal */
export function verdictData(verdict: unknown, path: string): VerdictData {
  if (typeof verdict !== 'object' || verdict === null || !('kind' in verdict)) {
    throw invalidType(path, 'a verdict such as { kind: "accept" }', verdict)
  }
  const { kind, chain } = verdict as { kind: string; chain?: unknown }
  if (!Object.hasOwn(codes, kind)) throw invalidValue(`${path}.kind`, kind, `must be one of ${verdictKinds.join(', ')}`)
  const code = codes[kind as Verdict['kind']]
  const leads = kind === 'jump' || kind === 'goto'
  onlyKnown(path, verdict, leads ? chainNames : plainNames)
  return leads ? { code, chain: nftName(`${path}.chain`, chain) } : { code }
}

/** @internal */
export function verdictOf({ code, chain }: VerdictData): Verdict | undefined {
  const kind = kinds.get(code)
  if (kind === undefined) return undefined
  return kind === 'jump' || kind === 'goto' ? { kind, chain: chain ?? '' } : { kind }
}
