/** Values and calls as they would be written in a program. */

import { inspect } from 'node:util'
import type { NftChange } from 'nslink'

/** A call of nslink's. */
export const called = (name: string, args: readonly unknown[]): string =>
  name.endsWith('.nft.apply')
    ? nftCall(name, args[0] as readonly NftChange[], args.slice(1))
    : `${name}(${args.map(literal).join(', ')})`

const literal = (value: unknown): string => inspect(value, { depth: 5, breakLength: 110, compact: 10 })

/** `pod-a` is `podA` in TypeScript. */
export const variable = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())

/** `apply` of nftables with the builders of `nslink/nft`, which read as rules do. What has no builder here stays the data it is. */
function nftCall(call: string, changes: readonly NftChange[], more: readonly unknown[]): string {
  const tables = new Map<string, string>()
  const lines = changes.map((given) => {
    const [verb, object] = only(given)
    const [what, { family, ...data }] = only(object as Data) as [string, Data]
    const { table = data['name'] } = data
    const build = builds[what]?.(data)
    if (build === undefined || typeof table !== 'string') return literal(given)
    tables.set(table, `const ${variable(table)} = table('${family}', '${table}')`)
    return `${variable(table)}.${verb}.${what}(${build.join(', ')})`
  })
  const end = ['', ...more.map(literal)].join(', ')
  return [...tables.values(), `${call}([`, ...lines.map((line) => `  ${line},`), `]${end})`].join('\n')
}

/** A change, or a part of one. */
type Data = Record<string, unknown>

const only = (data: object): [string, unknown] => Object.entries(data)[0] ?? ['', {}]

/** Options, unless there are none. */
const given = (options: Data): string[] => (Object.keys(options).length > 0 ? [literal(options)] : [])

/** The arguments of the builders for a table, a chain and a rule. */
const builds: Readonly<Record<string, (data: Data) => string[] | undefined>> = {
  table: ({ name: _, ...options }) => given(options),
  chain: ({ table: _, name, ...options }) => [literal(name), ...given(options)],
  rule({ table: _, chain, statements, comment, ...options }) {
    if (!Array.isArray(statements) || Object.keys(options).length > 0) return undefined
    const said = comment === undefined ? [] : [`comment(${literal(comment)})`]
    return [literal(chain), ...statements.map(statement), ...said]
  },
}

const operators: Readonly<Record<string, string>> = {
  ...{ '==': '', '!=': '.not', in: '', '!in': '.none' },
  ...{ '<': '.lt', '<=': '.le', '>': '.gt', '>=': '.ge' },
}
const methods: Readonly<Record<string, string>> = { '&': 'and', '|': 'or', '^': 'xor', '<<': 'shl', '>>': 'shr' }
const words: Readonly<Record<string, string>> = { return: 'goBack', continue: 'goOn' }

function statement({ kind, ...data }: { kind: string } & Data): string {
  const { left, op, right, key, chain } = data
  if (kind === 'match') {
    return `${expression(left)}${operators[String(op)]}(${values(right)
      .map(masked(left) ? bits : literal)
      .join(', ')})`
  }
  if (kind === 'mangle') return `${expression(key)}.set(${value(data['value'])})`
  if (kind === 'vmap' && Array.isArray(data['data'])) {
    const pairs = data['data'].map(([of, verdict]) => `[${literal(of)}, ${statement(verdict)}]`)
    return `${expression(key)}.vmap([${pairs.join(', ')}])`
  }
  if (kind === 'counter' && data['packets'] === 0) return 'counter()'
  if (kind === 'jump' || kind === 'goto') return `${kind}(${literal(chain)})`
  if (kind === 'dnat' || kind === 'snat') return `${kind}(${translation(data)})`
  return Object.keys(data).length === 0 ? `${words[kind] ?? kind}()` : literal({ kind, ...data })
}

/** What is compared or set: `ip daddr` is `ip.daddr`. */
function expression(of: unknown): string {
  if (Array.isArray(of)) return `concat(${of.map(expression).join(', ')})`
  if (typeof of === 'object' && of !== null) {
    const { numgen, mod } = of as Data
    if (numgen !== undefined) return `numgen(${literal(numgen)}, ${mod})`
    const [operator, operands] = only(of) as [string, [unknown, unknown]]
    return `${expression(operands[0])}.${methods[operator]}(${bits(operands[1])})`
  }
  const [, address, result] = /^fib (\w+) (\w+)$/.exec(String(of)) ?? []
  return address === undefined ? variable(String(of).replaceAll(' ', '.')) : `fib('${address}').${result}`
}

const masked = (left: unknown): boolean => typeof left === 'object' && left !== null && '&' in left
const bits = (value: unknown): string => (typeof value === 'number' ? `0x${value.toString(16)}` : literal(value))

const values = (right: unknown): unknown[] =>
  Array.isArray(right) ? right : ((right as { set?: unknown[] } | undefined)?.set ?? [right])

/** A constant, or what is in its place. */
function value(of: unknown): string {
  if (typeof of !== 'object' || of === null) return literal(of)
  return expression('key' in of ? of.key : of)
}

function translation({ addr, port, ...options }: Data): string {
  if (port === undefined && typeof addr === 'string') return [literal(addr), ...given(options)].join(', ')
  const isPlain = typeof addr === 'string' && !addr.includes(':') && typeof port === 'number'
  return isPlain ? [literal(`${addr}:${port}`), ...given(options)].join(', ') : literal({ addr, port, ...options })
}
