/** `pfifo_fast`: three queues, of which one has its turn only when those before it are empty. */

import type { Body } from '../body.js'
import { type Kind, kind } from '../kind.js'
import { type PrioInfo, prioLayout } from './prio.js'

/** What a pfifo_fast is: the same for all. */
export interface PfifoFastInfo extends PrioInfo {}

const body: Body<object, PfifoFastInfo> = {
  names: [],
  reported: ['bands', 'priomap'],
  optional: true,
  write: () => undefined,
  read: (reader, at, length) => prioLayout.read(reader, at, length),
}

/** It is told nothing: how many packets may wait is the device's `txqueuelen`. @internal */
export const pfifo_fast: Kind<object, PfifoFastInfo> = kind('pfifo_fast', body)
