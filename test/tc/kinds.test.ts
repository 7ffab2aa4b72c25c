/** The lists of kinds, and what is said of them elsewhere. */

import { readdirSync, readFileSync } from 'node:fs'
import { actionKinds } from '../../src/tc/actions.js'
import { classKinds } from '../../src/tc/classes.js'
import { filterKinds } from '../../src/tc/filters.js'
import { qdiscKinds } from '../../src/tc/qdiscs.js'
import { expect, test } from '../support/test.js'

const lists = { qdiscs: qdiscKinds, Classes: classKinds, Filters: filterKinds, Actions: actionKinds }

test('docs/tc.md names every kind there is', () => {
  const page = readFileSync(new URL('../../docs/tc.md', import.meta.url), 'utf8').replace(/\s+/g, ' ')
  for (const [heading, kinds] of Object.entries(lists)) {
    const [, names = ''] = new RegExp(`${heading}: (.*?)\\.`).exec(page) ?? []
    expect(names.replaceAll('`', '').split(', ').sort(), heading).toEqual(Object.keys(kinds).sort())
  }
})

test('a kind goes by the name the kernel has for it', () => {
  for (const kinds of Object.values(lists)) {
    for (const [name, kind] of Object.entries(kinds)) expect(kind.name).toBe(name)
  }
})

test('what tc sends is recorded of every kind', () => {
  const folder = new URL('messages/', import.meta.url)
  const commands = readdirSync(folder).flatMap((file) =>
    Object.keys(JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as object),
  )
  for (const kinds of Object.values(lists)) {
    for (const name of Object.keys(kinds)) {
      expect(commands.filter((command) => command.split(' ').includes(name)).length, name).toBeGreaterThan(0)
    }
  }
  expect(new Set(commands).size).toBeGreaterThan(200)
})
