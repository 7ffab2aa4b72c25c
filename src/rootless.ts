/**
 * Starts a program as root of user, network and mount namespaces of its own, so that an ordinary user can do there what
 * needs root elsewhere. It is what `unshare --map-root-user --net --mount` does, and then some:
 *
 * - the caller's user and group are 0 inside; no other user or group exists there;
 * - the network holds `lo`, up, and nothing else;
 * - `/run/netns` is empty and private, so that `ip netns` and nslink can keep names there;
 * - `/sys` shows the new network (`/sys/class/net`), and what was mounted below `/sys` stays; where the kernel refuses
 *   this (in a container that masks parts of `/sys`) the old one stays;
 * - the program is killed when the thread that started it ends, in whatever way. What it started itself is not.
 *
 * Needs Linux 5.3 and permission to make user namespaces, which {@link available} tries. Works for root as well.
 *
 * @module nslink/rootless
 */
import { AsyncResource } from 'node:async_hooks'
import { EventEmitter } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { Socket } from 'node:net'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { getSystemErrorMap } from 'node:util'
import { type NativeKept, type NativeRootless, native } from './native.js'
import { integer, invalidType, invalidValue, oneOf, onlyKnown } from './netlink/check.js'

/**
 * One standard stream: the caller's own, a new pipe, `/dev/null`, or a file descriptor, which stays the caller's to
 * close.
 */
export type Stdio = 'inherit' | 'pipe' | 'ignore' | number

/** A signal's name; a real-time signal has none and appears by its number (`SIG34`). */
export type SignalName = NodeJS.Signals | `SIG${number}`

/** How a program ended: by itself, with a code from 0 to 255, or by a signal. */
export type Exit = { code: number; signal: null } | { code: null; signal: SignalName }

/** The options of {@link run}. */
export interface RunOptions {
  /** The working directory, as the program sees it. Default: the caller's. */
  cwd?: string | undefined
  /** The whole environment; the program is searched in its PATH. Default: `process.env`. */
  env?: Readonly<Record<string, string | undefined>> | undefined
  /** What the program sees as its own name. Default: the command. */
  argv0?: string | undefined
  /** When aborted, sends SIGTERM. */
  signal?: AbortSignal | undefined
}

/** The options of {@link spawn}. */
export interface SpawnOptions extends RunOptions {
  /** Standard input, output and error: one word for all, or one for each. Default: `'inherit'`. */
  stdio?: 'inherit' | 'pipe' | 'ignore' | readonly [stdin?: Stdio, stdout?: Stdio, stderr?: Stdio] | undefined
}

const RUN_OPTIONS = new Set(['cwd', 'env', 'argv0', 'signal'])
const SPAWN_OPTIONS = new Set([...RUN_OPTIONS, 'stdio'])
const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const
const DEFAULT_PATH = '/usr/bin:/bin'
const REFUSED =
  'user namespaces are not permitted here ' +
  '(see kernel.unprivileged_userns_clone, user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns)'
const HINTS: Record<string, string> = {
  'unshare EPERM': REFUSED,
  'unshare ENOSPC':
    'no more namespaces are allowed (see user.max_user_namespaces, user.max_net_namespaces, user.max_mnt_namespaces)',
  'unshare EINVAL': 'this kernel is built without user or network namespaces',
  'write EPERM': REFUSED,
  'write EACCES': `${REFUSED}, or this process has changed its user id since it started`,
  'mount EPERM': REFUSED,
  'mount EACCES': REFUSED,
}
// In place of a descriptor, for the addon.
const PIPE = -1
const NULL = -2

/**
 * Starts a program in new namespaces. Returns when it runs; so what keeps it from running is thrown here.
 *
 * @param command A path, or a name searched in PATH. No shell takes part, not even for a script without `#!`.
 * @throws As `child_process` reports them: `ENOENT` for an unknown program, `EACCES` for one that may not be run; with
 * `code`, `errno`, `syscall` (`'spawn foo'`) and `path`.
 * @throws `ENOENT`, `ENOTDIR` or `EACCES` with `syscall: 'chdir'` for an unusable `cwd`.
 * @throws `EPERM`, `ENOSPC` and others with the `syscall` that failed where namespaces are not to be had: the reason
 * that {@link available} gives.
 * @throws TypeError `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, RangeError `ERR_OUT_OF_RANGE` for arguments that
 * make no sense.
 * @throws The signal's reason if it is aborted already.
 */
export function spawn(command: string, args: readonly string[] = [], options: SpawnOptions = {}): RootlessChild {
  onlyKnown('spawn', options, SPAWN_OPTIONS)
  return new RootlessChild(command, args, options)
}

/**
 * Runs a program in new namespaces on the caller's own standard streams, and passes on SIGINT, SIGTERM, SIGHUP and
 * SIGQUIT. (SIGINT and SIGQUIT are not passed on while the caller is in a terminal's foreground: there they are taken
 * to come from the keyboard, from where the program gets them too.)
 *
 * @returns The exit status as a shell tells it: the code, or 128 + n for signal n.
 * @throws As {@link spawn} does, by rejecting.
 */
export async function run(command: string, args: readonly string[] = [], options: RunOptions = {}): Promise<number> {
  onlyKnown('run', options, RUN_OPTIONS)
  let child: RootlessChild | undefined
  const pass = (signal: NodeJS.Signals) => {
    const typed = (signal === 'SIGINT' || signal === 'SIGQUIT') && inForeground()
    if (!typed) child?.kill(signal)
  }
  // Before the start: from then on a signal to this process is meant for the program.
  for (const signal of PASSED_ON) process.on(signal, pass)
  try {
    child = new RootlessChild(command, args, options)
    const { code, signal } = await child.exited
    return code ?? 128 + signalNumber(signal)
  } finally {
    for (const signal of PASSED_ON) process.off(signal, pass)
  }
}

/**
 * Whether programs can be started here. Really tries, in a few milliseconds: everything is done up to the point where
 * the program would start.
 *
 * @returns `true`, or a sentence saying why not.
 */
export function available(): true | string {
  try {
    start(undefined, [], new Map(), '', [0, 1, 2]).wait()
    return true
  } catch (error) {
    return (error as Error).message
  }
}

/**
 * A program started by {@link spawn}. Emits `exit` with (code, signal) when it has ended; what it wrote may still wait
 * in {@link stdout} and {@link stderr} then.
 */
class RootlessChild extends EventEmitter<{ exit: [code: number | null, signal: SignalName | null] }> {
  /** The process id, as the caller sees it. */
  readonly pid: number
  /** Writes to the program's standard input; null unless that is a pipe. */
  readonly stdin: Writable | null
  /** The program's standard output; null unless that is a pipe. To be read to its end, or destroyed. */
  readonly stdout: Readable | null
  /** The program's standard error; null unless that is a pipe. To be read to its end, or destroyed. */
  readonly stderr: Readable | null
  /** The exit code, once the program has ended by itself. */
  exitCode: number | null = null
  /** The signal, once the program has ended by one. */
  signalCode: SignalName | null = null
  /** Settles when the program has ended; never rejects. */
  readonly exited: Promise<Exit>

  /** @internal */
  constructor(command: string, args: readonly string[], { cwd, env, stdio, argv0, signal }: SpawnOptions) {
    super()
    checkFilled('command', command)
    if (!Array.isArray(args)) throw invalidType('args', 'an array of strings', args)
    for (const [i, arg] of args.entries()) checkText(`args[${i}]`, arg)
    if (cwd !== undefined) checkFilled('cwd', cwd)
    if (argv0 !== undefined) checkText('argv0', argv0)
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw invalidType('signal', 'an AbortSignal', signal)
    }
    const environment = environmentOf(env)
    const streams = streamsOf(stdio)
    signal?.throwIfAborted()

    const program = start(command, [argv0 ?? command, ...args], environment, cwd ?? '', streams)
    this.pid = program.pid
    const [stdin, stdout, stderr] = program.streams
    this.stdin = stdin < 0 ? null : new Socket({ fd: stdin, readable: false, writable: true })
    this.stdout = stdout < 0 ? null : new Socket({ fd: stdout, readable: true, writable: false })
    this.stderr = stderr < 0 ? null : new Socket({ fd: stderr, readable: true, writable: false })

    const abort = () => this.kill()
    signal?.addEventListener('abort', abort)
    this.exited = new Promise((resolve) => {
      const ended = () => {
        poll.close()
        const status = program.wait()
        const exit: Exit = status < 0 ? { code: null, signal: signalName(-status) } : { code: status, signal: null }
        this.exitCode = exit.code
        this.signalCode = exit.signal
        signal?.removeEventListener('abort', abort)
        this.stdin?.destroy()
        resolve(exit)
        this.emit('exit', exit.code, exit.signal)
      }
      const poll = new native.Poll(program.pidfd, AsyncResource.bind(ended))
      poll.start()
    })
  }

  /** Sends a signal. False when the program has ended already. Throws `ERR_UNKNOWN_SIGNAL` for a name that is none. */
  kill(signal: NodeJS.Signals | number = 'SIGTERM'): boolean {
    // Until the program is reaped, which is when these two are set, its number cannot be another process's.
    if (this.exitCode !== null || this.signalCode !== null) return false
    return process.kill(this.pid, signal)
  }
}

export type { RootlessChild }

/** Without a command everything is prepared, and the child ends with status 0 where the program would start. */
function start(
  command: string | undefined,
  argv: string[],
  environment: Map<string, string>,
  cwd: string,
  streams: number[],
): NativeRootless {
  try {
    return new native.Rootless({
      files: command === undefined ? [] : candidates(command, environment.get('PATH') ?? DEFAULT_PATH),
      argv,
      env: Array.from(environment, ([name, value]) => `${name}=${value}`),
      cwd,
      streams,
      run: existsSync('/run/netns') ? undefined : entriesOf('/run'),
      sys: mountsOn('/sys'),
    })
  } catch (error) {
    throw explained(error, command, argv.slice(1))
  }
}

/** The paths to try, which count from the program's working directory, as in a shell. */
function candidates(command: string, path: string): string[] {
  return command.includes('/') ? [command] : path.split(':').map((folder) => `${folder || '.'}/${command}`)
}

/** A tmpfs on /run makes room for /run/netns; the rest (users' runtime directories, NixOS's programs) has to stay. */
function entriesOf(folder: string): NativeKept[] {
  return readdirSync(folder, { withFileTypes: true }).map((entry) => {
    const path = `${folder}/${entry.name}`
    return { path, link: entry.isSymbolicLink() ? readlinkSync(path) : '', directory: entry.isDirectory() }
  })
}

/** What is mounted directly below a mount: control groups, and what a program may expect beside them. */
function mountsOn(folder: string): NativeKept[] {
  const mounts = readFileSync('/proc/thread-self/mountinfo', 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [id, parent, , , path = ''] = line.split(' ')
      return {
        id,
        parent,
        path: path.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
      }
    })
  const top = mounts.filter(({ path }) => path === folder).at(-1)
  return mounts.filter(({ parent }) => parent === top?.id).map(({ path }) => ({ path, link: '', directory: true }))
}

/** The addon's error (errno, system call and path) as Node would have said it, or with what to do about it. */
function explained(error: unknown, command: string | undefined, spawnargs: string[]): unknown {
  if (!(error instanceof Error && 'errno' in error && 'syscall' in error)) return error
  const { errno, syscall } = error
  // Node's map of messages lacks ENOEXEC, so the names come from elsewhere.
  const code = Object.entries(constants.errno).find(([, value]) => value === -Number(errno))?.[0] ?? `errno ${errno}`
  if (syscall === 'execve') {
    error.message = `spawn ${command} ${code}`
    return Object.assign(error, { code, syscall: `spawn ${command}`, path: command, spawnargs })
  }
  const what = 'path' in error ? `${syscall} ${error.path}` : syscall
  const text = HINTS[`${syscall} ${code}`] ?? getSystemErrorMap().get(Number(errno))?.[1] ?? 'refused'
  error.message = `${what}: ${code}: ${text}`
  return Object.assign(error, { code })
}

function environmentOf(env: unknown = process.env): Map<string, string> {
  if (typeof env !== 'object' || env === null) throw invalidType('env', 'an object', env)
  const environment = new Map<string, string>()
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue
    checkText('env', name)
    checkText(`env.${name}`, value)
    environment.set(name, value)
  }
  return environment
}

function streamsOf(stdio: unknown = 'inherit'): number[] {
  if (typeof stdio !== 'string' && !Array.isArray(stdio)) throw invalidType('stdio', 'a word or an array', stdio)
  const list: unknown[] = Array.isArray(stdio) ? stdio : [stdio, stdio, stdio]
  if (list.length > 3) throw invalidValue('stdio', stdio, 'must not have more than three streams')
  return [0, 1, 2].map((fd) => {
    const stream = list[fd] ?? 'inherit'
    if (typeof stream === 'number') return integer(`stdio[${fd}]`, stream, 0, 0x7fff_ffff)
    const word = oneOf(`stdio[${fd}]`, stream, ['inherit', 'pipe', 'ignore'])
    return word === 'inherit' ? fd : word === 'pipe' ? PIPE : NULL
  })
}

function checkText(path: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw invalidType(path, 'a string', value)
  if (value.includes('\0')) throw invalidValue(path, value, 'must not hold a NUL character')
}

function checkFilled(path: string, value: unknown): asserts value is string {
  checkText(path, value)
  if (value === '') throw invalidValue(path, value, 'must not be empty')
}

function signalName(number: number): SignalName {
  const named = Object.entries(constants.signals).find(([, value]) => value === number)
  return named === undefined ? `SIG${number}` : (named[0] as NodeJS.Signals)
}

function signalNumber(name: SignalName): number {
  return constants.signals[name as NodeJS.Signals] ?? Number(name.slice('SIG'.length))
}

/** Whether what is typed at this process's terminal, if it has one, goes to this process and its children. */
function inForeground(): boolean {
  const stat = readFileSync('/proc/self/stat', 'latin1')
  // The command, in parentheses, may hold anything; after it come state, ppid, pgrp, session, tty_nr and tpgid.
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return group === foreground
}
