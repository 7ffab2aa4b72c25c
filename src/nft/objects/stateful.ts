/** Statements that rules can share: counters, quotas, limits, proxies. Their attributes are those of the statement. */

import { objectKind } from '../object.js'
import { type Counter, counterExpression, counterOptions, counterValues, readCounter } from '../statements/counter.js'
import { type Limit, limitExpression, limitOptions, limitValues, readLimit } from '../statements/limit.js'
import { type Quota, quotaExpression, quotaOptions, quotaValues, readQuota } from '../statements/quota.js'
import {
  readSynproxy,
  type SynproxyOptions,
  synproxyExpression,
  synproxyOptions,
  synproxyValues,
} from '../statements/synproxy.js'

const NFT_OBJECT_COUNTER = 1
const NFT_OBJECT_QUOTA = 2
const NFT_OBJECT_LIMIT = 4
const NFT_OBJECT_SYNPROXY = 10

objectKind({
  type: 'counter',
  number: NFT_OBJECT_COUNTER,
  table: counterExpression.table,
  options: counterOptions,
  values: (given: Omit<Counter, 'kind'>) => counterValues(given),
  read: readCounter,
})

objectKind({
  type: 'quota',
  number: NFT_OBJECT_QUOTA,
  table: quotaExpression.table,
  options: quotaOptions,
  values: (given: Omit<Quota, 'kind'>) => quotaValues(given),
  read: readQuota,
})

objectKind({
  type: 'limit',
  number: NFT_OBJECT_LIMIT,
  table: limitExpression.table,
  options: limitOptions,
  values: (given: Omit<Limit, 'kind'>) => limitValues(given),
  read: readLimit,
})

objectKind({
  type: 'synproxy',
  number: NFT_OBJECT_SYNPROXY,
  table: synproxyExpression.table,
  options: synproxyOptions,
  values: (given: SynproxyOptions) => synproxyValues(given),
  read: readSynproxy,
})
