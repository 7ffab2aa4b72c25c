/**
 * Checks of what the caller passes in, made before the kernel sees it. Every error names the option, says what it must
 * be and shows what it was, and carries the code Node itself uses for such a mistake.
 */
import { inspect } from 'node:util'

type Coded<E extends Error> = E & { code: string }

function coded<E extends Error>(error: E, code: string): Coded<E> {
  return Object.assign(error, { code })
}

/** The longest text an error repeats: enough to recognise a value by, too little to flood a log. */
const LONGEST_SHOWN = 128

function received(value: unknown): string {
  const text = inspect(value, {
    depth: 0,
    compact: true,
    breakLength: Number.POSITIVE_INFINITY,
    maxStringLength: LONGEST_SHOWN,
    customInspect: false,
  })
  return `Received ${text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text}`
}

/**
 * The error for an option of the wrong type.
 *
 * @param path the option as the caller spells it: `mtu`, `vxlan.id`, `nexthops[2].via`
 * @param expected what it must be, to stand after "must be": `a string`, `an integer from 0 to 255`
 */
export function invalidType(path: string, expected: string, value: unknown): Coded<TypeError> {
  return coded(new TypeError(`The "${path}" option must be ${expected}. ${received(value)}`), 'ERR_INVALID_ARG_TYPE')
}

/**
 * The error for an option of the right type that makes no sense.
 *
 * @param reason what is wrong, to stand after the option's name: `must not be empty`
 */
export function invalidValue(path: string, value: unknown, reason: string): Coded<TypeError> {
  return coded(new TypeError(`The "${path}" option ${reason}. ${received(value)}`), 'ERR_INVALID_ARG_VALUE')
}

/**
 * The error for a value that is too small, too large, or between two values that are allowed.
 *
 * @param range what is allowed, to stand after "must be": `an integer from 0 to 255`
 */
export function outOfRange(path: string, range: string, value: unknown): Coded<RangeError> {
  return coded(new RangeError(`The "${path}" option must be ${range}. ${received(value)}`), 'ERR_OUT_OF_RANGE')
}

/**
 * Returns `value` if it is an integer from `min` to `max`, both included.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE` if it is not a number
 * @throws RangeError `ERR_OUT_OF_RANGE` if it is a fraction, NaN, or outside the range
 */
export function integer(path: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  const range = `an integer from ${min} to ${max}`
  throw typeof value === 'number' ? outOfRange(path, range, value) : invalidType(path, range, value)
}

/**
 * Returns `value` if it is one of `names`.
 *
 * @throws TypeError `ERR_INVALID_ARG_VALUE`, listing the names
 */
export function oneOf<Name extends string>(path: string, value: unknown, names: readonly Name[]): Name {
  if (names.includes(value as Name)) return value as Name
  const list = names.map((candidate) => `'${candidate}'`)
  const choices = list.length > 1 ? `${list.slice(0, -1).join(', ')} or ${list.at(-1)}` : list.join()
  throw invalidValue(path, value, `must be ${choices}`)
}

/** The rules the kernel's device names and the file names of namespaces have in common. */
function nameUpTo(maxBytes: number, path: string, value: unknown): string {
  if (typeof value !== 'string') throw invalidType(path, 'a string', value)
  if (value === '') throw invalidValue(path, value, 'must not be empty')
  if (value === '.' || value === '..') throw invalidValue(path, value, `must not be '.' or '..'`)
  if (value.includes('/')) throw invalidValue(path, value, `must not hold a '/'`)
  if (value.includes('\0')) throw invalidValue(path, value, 'must not hold a NUL character')
  if (Buffer.byteLength(value) > maxBytes) throw invalidValue(path, value, `must not be over ${maxBytes} bytes long`)
  return value
}

/**
 * What the kernel's `isspace` calls white space. It judges bytes as Latin-1, so it takes the byte 0xa0 for a no-break
 * space, also inside the UTF-8 of a letter such as 'à' (c3 a0).
 */
const KERNEL_WHITE_SPACE = /[\t-\r \xa0]/

/** Nearly every name there is. What does not look like this may still be valid, and is judged rule by rule. */
const PLAIN_DEVICE_NAME = /^[\w-][\w.-]{0,14}$/

/**
 * Returns `value` if the kernel accepts it as the name of a network device: 1 to 15 bytes of UTF-8, no '/', no ':',
 * no white space, and neither '.' nor '..'.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE` if it is not a string, `ERR_INVALID_ARG_VALUE` naming the rule it breaks
 */
export function deviceName(path: string, value: unknown): string {
  if (typeof value === 'string' && PLAIN_DEVICE_NAME.test(value)) return value
  const name = nameUpTo(15, path, value)
  if (name.includes(':')) throw invalidValue(path, name, `must not hold a ':'`)
  if (KERNEL_WHITE_SPACE.test(name)) throw invalidValue(path, name, 'must not hold white space')
  if (KERNEL_WHITE_SPACE.test(Buffer.from(name).toString('latin1'))) {
    throw invalidValue(path, name, 'must not hold the byte 0xa0 in its UTF-8 form (white space to the kernel)')
  }
  return name
}

/**
 * Returns `value` if it can name a network namespace, that is a file in /run/netns: 1 to 255 bytes of UTF-8, no '/',
 * no NUL, and neither '.' nor '..'.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE` if it is not a string, `ERR_INVALID_ARG_VALUE` naming the rule it breaks
 */
export function namespaceName(path: string, value: unknown): string {
  return nameUpTo(255, path, value)
}

/**
 * Refuses an option nobody reads: a misspelt option that is ignored is a bug that hides. Inherited options count, for
 * reading `options.mtu` finds them too; so does an unknown one whose value is undefined.
 *
 * @param what the operation, as the caller spells it: `addr.add`
 * @param known the names there are: a set of them, or an object that has them as its keys
 * @throws TypeError `ERR_INVALID_ARG_VALUE`, with the known name that is most like the unknown one;
 *   `ERR_INVALID_ARG_TYPE` if `options` is no object
 */
export function onlyKnown(
  what: string,
  options: object,
  known: ReadonlySet<string> | Readonly<Record<string, unknown>>,
): void {
  if (typeof options !== 'object' || options === null) {
    const message = `The options of ${what} must be an object. ${received(options)}`
    throw coded(new TypeError(message), 'ERR_INVALID_ARG_TYPE')
  }
  for (const name in options) {
    if (known instanceof Set ? known.has(name) : Object.hasOwn(known, name)) continue
    const similar = mostSimilar(name, known instanceof Set ? [...known] : Object.keys(known))
    const hint = similar === undefined ? '' : `: did you mean "${similar}"?`
    throw coded(new TypeError(`Unknown option "${name}" of ${what}${hint}`), 'ERR_INVALID_ARG_VALUE')
  }
}

/** The name most likely meant: the one with the fewest mistakes, at most one in three letters and three in all. */
function mostSimilar(name: string, candidates: readonly string[]): string | undefined {
  const limit = Math.min(Math.round(name.length / 3), 3)
  for (let mistakes = 0; mistakes <= limit; mistakes++) {
    const similar = candidates.find((candidate) => isWithin(mistakes, name.toLowerCase(), candidate.toLowerCase()))
    if (similar !== undefined) return similar
  }
  return undefined
}

/** Whether `typed` can be `meant` with so many letters added, left out, mistaken, or swapped with the next one. */
function isWithin(mistakes: number, typed: string, meant: string): boolean {
  let same = 0
  while (same < typed.length && typed[same] === meant[same]) same++
  const [a, b] = [typed.slice(same), meant.slice(same)]
  if (a === b) return true
  if (mistakes === 0) return false
  return (
    isWithin(mistakes - 1, a.slice(1), b) ||
    isWithin(mistakes - 1, a, b.slice(1)) ||
    isWithin(mistakes - 1, a.slice(1), b.slice(1)) ||
    (a[0] === b[1] && a[1] === b[0] && isWithin(mistakes - 1, a.slice(2), b.slice(2)))
  )
}
