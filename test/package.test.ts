/** The package as it is built: what a program gets that imports it by its names. */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root, told } from './support/child.js'

test('an error has one class, whichever name of the package it is imported by', async () => {
  const same = await told(`
    import * as promises from 'nslink'
    import * as direct from 'nslink/sync'
    const refused = await promises.link.get('no-such-device').catch((error) => error)
    const classes = ['NetlinkError', 'BatchError'].map((name) => promises[name] === direct[name])
    console.log(JSON.stringify([...classes, refused instanceof direct.NetlinkError]))
  `)
  expect(same).toEqual([true, true, true])
})

test('a stack leads to the sources', async () => {
  const stack = await told(
    `
    import { link } from 'nslink/sync'
    try { link.get(null) } catch ({ stack }) { console.log(JSON.stringify(stack)) }
  `,
    { flags: ['--enable-source-maps'] },
  )
  expect(stack).toMatch(/\/src\/link\/link\.ts:\d+/)
})

test('it is a few files, as each takes time to load', () => {
  const files = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' })
  expect(files.filter((file) => file.endsWith('.js')).length).toBeLessThan(10)
})
