/** Random early detection: what the kernel is told in place of what people say. The sums are those of `tc`. */

/** The largest weight there is: an average over 2^31 packets. */
const MOST = 31

/**
 * The weight of the latest packet in the average length of a queue, as the exponent of one half: so that a queue that was empty takes about `burst` packets
 * to reach `min` bytes. Nothing, when no weight does that, or `burst` is too small.
 *
 * @internal
 */
export function averageWeight(min: number, burst: number, packet: number): number | undefined {
  const wanted = burst + 1 - min / packet
  if (wanted < 1) return undefined
  for (let exponent = 1; exponent <= MOST; exponent++) {
    const weight = 2 ** -exponent
    if (wanted <= (1 - (1 - weight) ** burst) / weight) return exponent
  }
  return undefined
}

/**
 * How steeply the probability rises from `min` to `max` bytes, as the exponent of one half. Nothing, when it does not rise enough to be said.
 *
 * @internal
 */
export function probabilitySlope(min: number, max: number, probability: number): number | undefined {
  let slope = probability / (max - min)
  for (let exponent = 0; exponent <= MOST; exponent++, slope *= 2) if (slope > 1) return exponent
  return undefined
}

const SCALE = 2 ** 32

/** A probability as a part of 2^32; a whole does not fit, and is told by the slope alone. @internal */
export const probabilityPart = (probability: number): number => Math.trunc(probability * SCALE) >>> 0

/** The shortest probability that is this part. @internal */
export function probabilityOf(part: number): number {
  const exact = part / SCALE
  for (let digits = 1; digits < 17; digits++) {
    const short = Number(exact.toPrecision(digits))
    if (probabilityPart(short) === part) return short
  }
  return exact
}
