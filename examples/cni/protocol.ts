/** What a CNI plugin and whoever calls it say to each other: https://www.cni.dev/docs/spec/, versions 0.3.0 to 1.1.0. */

import { readdirSync, readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'

const VERSIONS = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0']

/** The codes of errors; those from 100 on are a plugin's own. */
export const code = {
  version: 1,
  unsupported: 2,
  noContainer: 3,
  environment: 4,
  io: 5,
  decode: 6,
  config: 7,
  tryAgain: 11,
  notAvailable: 50,
  /** What is there is not what it should be. */
  wrong: 100,
  /** The kernel refused. */
  refused: 101,
} as const

/** What ends a plugin that cannot do what it was told. */
export class CniError extends Error {
  readonly code: number
  readonly details: string | undefined

  constructor(code: number, message: string, details?: string) {
    super(message)
    this.code = code
    this.details = details
  }
}

export interface Interface {
  name: string
  mac?: string
  mtu?: number
  /** The path of the namespace it is in; absent on the host. */
  sandbox?: string
}

/** What has come of an ADD. */
export interface Result {
  cniVersion?: string
  interfaces?: Interface[]
  /** `interface` is a place in `interfaces`. */
  ips?: { address: string; gateway?: string; interface?: number; version?: string }[]
  routes?: { dst: string; gw?: string }[]
  dns?: object
}

/** An attachment: a container, and the device it is to have. */
export interface Attachment {
  containerID: string
  ifname: string
}

/** The configuration a plugin gets: a network, and what this plugin is to do for it. */
export interface Config {
  cniVersion: string
  name: string
  prevResult?: Result
  'cni.dev/valid-attachments'?: Attachment[]
  [option: string]: unknown
}

/** What a plugin was called for. The environment is handed on to plugins that do a part of the work. */
export interface Call extends Attachment {
  /** The path of the container's namespace; empty where a DEL came without one. */
  netns: string
  config: Config
  /** Has another plugin do a part of the work: the command, and the configuration it gets. */
  delegate(type: string, command: string, config: Config): Promise<Result>
}

/** What a plugin can do. Of an ADD it returns the result. */
export interface Plugin {
  add(call: Call): Promise<Result>
  del(call: Call): Promise<void>
  check(call: Call): Promise<void>
  status(call: Call): Promise<void>
  gc(call: Call): Promise<void>
}

/** The variables each command takes. */
const needs: Readonly<Record<string, readonly string[]>> = {
  ADD: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'],
  CHECK: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'],
  DEL: ['CNI_CONTAINERID', 'CNI_IFNAME'],
  GC: ['CNI_PATH'],
  STATUS: [],
  VERSION: [],
}

/** What a variable may be where it may not be anything. */
const patterns: Readonly<Record<string, RegExp>> = {
  CNI_CONTAINERID: /^[A-Za-z0-9][\w.-]*$/,
  CNI_IFNAME: /^(?!\.\.?$)[^/:\s]{1,15}$/,
}

/** Does what a plugin was called for, and prints what comes of it. */
export async function serve(plugin: Plugin, delegate: Call['delegate']): Promise<void> {
  let cniVersion = VERSIONS.at(-1) as string
  try {
    const command = environment()
    const config = await configuration()
    if (typeof config.cniVersion === 'string') cniVersion = config.cniVersion
    if (command === 'VERSION') return print({ cniVersion, supportedVersions: VERSIONS })
    check(config, command)
    const { CNI_CONTAINERID: containerID = '', CNI_NETNS: netns = '', CNI_IFNAME: ifname = '' } = process.env
    const call: Call = { containerID, ifname, netns, config, delegate }
    if (command === 'ADD') print(spoken(await plugin.add(call), cniVersion))
    else await plugin[command.toLowerCase() as 'del' | 'check' | 'status' | 'gc'](call)
  } catch (error) {
    process.exitCode = 1
    print({ cniVersion, ...told(error) })
  }
}

/** The command, once all variables are there that it takes. */
function environment(): string {
  const { CNI_COMMAND: command = '' } = process.env
  const wanted = needs[command]
  if (wanted === undefined) throw new CniError(code.environment, `CNI_COMMAND: there is no command "${command}"`)
  const wrong = wanted.filter((name) => !(patterns[name] ?? /./).test(process.env[name] ?? ''))
  if (wrong.length === 0) return command
  throw new CniError(code.environment, `missing or invalid: ${wrong.join(', ')}`)
}

async function configuration(): Promise<Config> {
  const json = await text(process.stdin)
  try {
    const config: unknown = JSON.parse(json)
    if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config as Config
  } catch (error) {
    throw new CniError(code.decode, 'the configuration is no JSON', (error as Error).message)
  }
  throw new CniError(code.decode, 'the configuration is no object')
}

function check({ cniVersion, name, prevResult }: Config, command: string): void {
  if (!VERSIONS.includes(cniVersion)) {
    throw new CniError(code.version, `cniVersion "${cniVersion}" is not one of ${VERSIONS.join(', ')}`)
  }
  // It becomes a part of paths.
  if (typeof name !== 'string' || !/^[A-Za-z0-9][\w.-]*$/.test(name)) {
    throw new CniError(code.config, `name: not the name of a network: ${JSON.stringify(name)}`)
  }
  if (command === 'CHECK' && prevResult === undefined) throw new CniError(code.config, 'prevResult: CHECK takes one')
}

/** A result in the words of a version: up to 0.4.0 an address said of which family it was. */
function spoken(result: Result, cniVersion: string): Result {
  const ips = result.ips?.map(({ version: _, ...ip }) => (cniVersion < '1' ? { version: '4', ...ip } : ip))
  return { ...result, cniVersion, ...(ips !== undefined && { ips }) }
}

function told(error: unknown): { code: number; msg: string; details?: string } {
  if (error instanceof CniError) {
    return { code: error.code, msg: error.message, ...(error.details !== undefined && { details: error.details }) }
  }
  return { code: code.refused, msg: (error as Error).message }
}

const print = (value: object): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

/** The text of a file; undefined when there is none. */
export function contents(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new CniError(code.io, (error as Error).message)
  }
}

/** The names in a folder; none when there is no such folder. */
export function names(path: string): string[] {
  try {
    return readdirSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new CniError(code.io, (error as Error).message)
  }
}
