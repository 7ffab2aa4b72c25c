/**
 * Decoders and encoders as straight code. A list has the same attributes thousands of times over; code that names each of them once, made
 * when a table or a struct has been read often enough to pay for it, reads them several times as fast as a loop over its entries, and
 * the objects it makes are quicker to use.
 *
 * Where code must not be made of strings (`node --disallow-code-generation-from-strings`), the loops go on.
 */

/** So many reads make it worth while. @internal */
export const WORTH_COMPILING = 64

/**
 * An expression for what a function does at `at`, given `view`, a DataView: the value that it reads there, or whether it wrote the
 * value `given` there.
 */
type Snippet = (at: string) => string

const snippets = new WeakMap<object, Snippet>()

/** Gives a function that reads or writes a value the code for it. It belongs to the function: another one needs its own. @internal */
export function inlined<F extends object>(read: F, snippet: Snippet | undefined): F {
  if (snippet !== undefined) snippets.set(read, snippet)
  return read
}

/** The code for what a function does, if it has any. @internal */
export const snippetOf = (read: object): Snippet | undefined => snippets.get(read)

/** Evaluates a function's source, in which `outside` is known by its names; undefined where that is not allowed. @internal */
export function compile<F>(source: string, outside: Readonly<Record<string, unknown>>): F | undefined {
  try {
    return new Function(...Object.keys(outside), `'use strict'; return ${source}`)(...Object.values(outside)) as F
  } catch (error) {
    if (error instanceof EvalError) return undefined
    throw error
  }
}
