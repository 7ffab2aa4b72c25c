/** The example that docs/contributing.md gives is the real thing. */

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../../', import.meta.url)
const page = readFileSync(new URL('docs/contributing.md', root), 'utf8')

test('the files it shows are those of the smallest kind', () => {
  const shown = [...page.matchAll(/<!-- (\S+) -->\n```ts\n(.*?)```/gs)]
  expect(shown.map(([, file]) => file)).toEqual(['src/link/kinds/dummy.ts', 'test/kinds/dummy.test.ts'])
  for (const [, file, text] of shown) expect(text).toBe(readFileSync(new URL(String(file), root), 'utf8'))
})
