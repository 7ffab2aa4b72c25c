/** What the bench is made of: works to be done, and peers that do them. */

import type { Netns } from 'nslink/sync'
import type { Entrant } from './contestant.js'
import type { Progress } from './progress.js'

/** Something to be done in a namespace, many times. Each is one file in `works/`. */
export interface Work {
  /** `W1`: what `--only` takes. */
  readonly id: string
  /** One operation, as the table calls it. */
  readonly title: string
  /** Operations in a round. */
  readonly count: number
  /** The peer that all are compared with, where that is another than usual. */
  readonly baseline?: string
  /** Prepares the namespace that all peers do the work in, by turns. */
  stage(ns: Netns): void
  /** Looks whether a round has been done, and throws when not. */
  check?(ns: Netns, job: Job): void
  /** Takes a round back, whole or not. */
  restore?(ns: Netns, job: Job): void | Promise<void>
}

/** What works and studies are given. */
export interface Surroundings {
  readonly entrants: readonly Entrant[]
  /** Rounds that count. */
  readonly rounds: number
  /** Whether it may take minutes and gigabytes. */
  readonly whole: boolean
  readonly progress: Progress
  /** Aborted when the run is to end; its programs are killed then. */
  readonly signal: AbortSignal
}

/** Something to be found out that is more than the time of an operation. Each is one file in `studies/`. */
export interface Study {
  /** `loop`: what `--only` takes. */
  readonly id: string
  readonly title: string
  /** What is to be known to read the figures. */
  readonly note: string
  /** What the table has in its columns, by the names of the figures, and how they are shown. */
  readonly columns: Readonly<Record<string, (figure: number) => string>>
  run(around: Surroundings): Promise<Finding[]>
}

/** A line of a study's table. */
export interface Finding {
  readonly name: string
  readonly figures: Readonly<Record<string, number>>
  /** Where it has its place in a picture: among the findings of one operation, at the size it was measured at. */
  readonly place?: { readonly operation: string; readonly size: number }
  /** What cannot be said in figures. */
  readonly remark?: string
}

/** A round, as a peer gets it. */
export interface Job {
  /** How many operations it has. */
  readonly count: number
  /** What the names of namespaces begin with. */
  readonly prefix: string
}

/** A way of doing works. Each is one file in `peers/`, which exports it as `peer`. */
export interface Peer {
  /** As the table calls it. */
  readonly name: string
  /** No more operations a round than these, where each takes milliseconds. */
  readonly most?: number
  /** Makes ready what it needs, and says what it is: its name as software, and version. Throws when it cannot take part here. */
  prepare(): string
}

/** A peer that does its works in a Node process of its own. */
export interface NodePeer extends Peer {
  readonly works: Readonly<Record<string, (job: Job) => Doing | Promise<Doing>>>
}

/**
 * A peer that is a program: `COMMAND WORK COUNT PREFIX`. For each line it reads it does a round and writes a line: what each operation
 * took (or on average, where they cannot be told apart), in nanoseconds, separated by spaces. It ends when there is nothing more to read.
 */
export interface ProgramPeer extends Peer {
  readonly works: readonly string[]
  readonly command: readonly string[]
}

/** A work as done by a Node peer. Promises are waited for. */
export type Doing = {
  /** What follows a round, and is not counted. */
  after?(): unknown
} & (
  | {
      /** One operation; `index` counts from 0 in every round. */
      one(index: number): unknown
    }
  | {
      /** A round as a whole, where operations cannot be timed one by one. */
      all(): unknown
    }
)
