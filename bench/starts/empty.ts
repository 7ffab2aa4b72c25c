import { fileURLToPath } from 'node:url'

// As `require` would load it, but that it has no name that ends in `.node`.
const empty = { exports: {} }
process.dlopen(empty, fileURLToPath(new URL('empty', import.meta.url)))
process.exitCode = typeof empty.exports === 'object' ? 0 : 1
