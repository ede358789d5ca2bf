/**
 * Closes, at start, the ways in which the memory of the process could be read from outside, and says plainly what holds and
 * what does not: in the log, and in `operator diagnose`. Nothing here stops the server.
 *
 * `mlockall` is never called: V8 gives pages back with `madvise`, which fails on locked ones, and the process dies. Only the memory
 * that keys are in is locked (lib/secure/guarded.ts).
 */
import { lstatSync, readFileSync } from 'node:fs'
import { secureHeapUsed } from 'node:crypto'
import { url as inspectorUrl } from 'node:inspector'
import { lockState, type LockState } from '../lib/secure/guarded.ts'
import { libc, type Libc } from '../lib/secure/libc.ts'

export interface HardeningFinding {
  /** Stable name, for programs: `core-dumps`, `swap`, … */
  readonly check: string
  readonly status: 'ok' | 'warn' | 'fail'
  readonly detail: string
  /** What to do about it; empty when all is well. */
  readonly advice: string
}

/** What the checks look at. Tests give other facts. */
export interface HardeningFacts {
  readonly platform: string
  readonly libc: Libc | undefined
  readonly uid: number | undefined
  /** Undefined where there is no such file. */
  readonly readFile: (path: string) => string | undefined
  /** Permission bits; undefined where there is no such file. */
  readonly mode: (path: string) => number | undefined
  readonly nodeVersion: string
  readonly nodeFlags: readonly string[]
  readonly inspecting: boolean
  readonly keyMemory: LockState
  /** Bytes of OpenSSL's secure heap; 0 without one. */
  readonly secureHeap: number
}

export interface HardeningOptions {
  /** Files and folders that nobody but the server's user may read or change. */
  readonly privatePaths?: readonly string[]
  readonly facts?: HardeningFacts
}

/** First releases with the fixes of November 2026: CVE-2026-126051 (TLS crash), CVE-2026-123872 (client certificates on resumption). */
const SAFE_NODE = [26, 13, 1] as const
const RLIMIT_CORE = 4
const PR_GET_DUMPABLE = 3
const PR_SET_DUMPABLE = 4

export function harden(options: HardeningOptions = {}): readonly HardeningFinding[] {
  const facts = options.facts ?? factsOfThisProcess()
  return Object.freeze([
    noCoreDumps(facts),
    noTracing(facts),
    debuggerOff(facts),
    debugSignalOff(facts),
    keyMemory(facts),
    swap(facts),
    user(facts),
    ...(options.privatePaths ?? []).map((path) => fileMode(facts, path)),
    nodeVersion(facts),
    secureHeap(facts),
  ])
}

export function factsOfThisProcess(): HardeningFacts {
  return {
    platform: process.platform,
    libc: libc(),
    uid: process.geteuid?.(),
    readFile: (path) => ifPresent(() => readFileSync(path, 'utf8')),
    mode: (path) => ifPresent(() => lstatSync(path).mode & 0o777),
    nodeVersion: process.versions.node,
    nodeFlags: [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)],
    inspecting: inspectorUrl() !== undefined,
    keyMemory: lockState(),
    secureHeap: secureHeapUsed()?.total ?? 0,
  }
}

function noCoreDumps({ libc, platform }: HardeningFacts): HardeningFinding {
  const check = 'core-dumps'
  if (libc === undefined) return notAvailable(check, platform, 'start the server with `ulimit -c 0`')
  const limits = Buffer.alloc(16)
  libc.setrlimit(RLIMIT_CORE, limits)
  limits.fill(0xff)
  const off = libc.getrlimit(RLIMIT_CORE, limits) === 0 && limits.readBigUInt64LE(0) === 0n
  return off
    ? ok(check, 'the process leaves no core dump')
    : fail(check, 'core dumps could not be turned off', 'start the server with `ulimit -c 0`')
}

function noTracing({ libc, platform }: HardeningFacts): HardeningFinding {
  const check = 'ptrace'
  if (libc === undefined) return notAvailable(check, platform, 'forbid tracing (kernel.yama.ptrace_scope = 2)')
  libc.prctl(PR_SET_DUMPABLE, 0n)
  return libc.prctl(PR_GET_DUMPABLE, 0n) === 0
    ? ok(check, 'other processes of the same user cannot trace this one or read its memory')
    : fail(
        check,
        'other processes of the same user can read the memory of this one',
        'forbid tracing (kernel.yama.ptrace_scope = 2)',
      )
}

function debuggerOff({ inspecting, nodeFlags }: HardeningFacts): HardeningFinding {
  const flag = nodeFlags.find((one) => one.startsWith('--inspect'))
  if (!inspecting && flag === undefined) return ok('debugger', 'no debugger is open')
  return fail(
    'debugger',
    'a debugger can read every secret in memory',
    `start the server without ${flag ?? '--inspect'}`,
  )
}

function debugSignalOff({ nodeFlags, platform }: HardeningFacts): HardeningFinding {
  if (nodeFlags.includes('--disable-sigusr1') || platform === 'win32') {
    return ok('debug-signal', 'SIGUSR1 does not open a debugger')
  }
  return warn(
    'debug-signal',
    'SIGUSR1 opens a debugger in this process',
    'start the server by bin/coffer, or with --disable-sigusr1',
  )
}

function keyMemory({ keyMemory: state, platform }: HardeningFacts): HardeningFinding {
  const check = 'memory-lock'
  if (state === 'locked') return ok(check, 'the memory that keys are in is locked against swapping')
  const advice = 'raise RLIMIT_MEMLOCK (LimitMEMLOCK=1M in the service file), or turn swap off'
  if (state === 'unknown') return notAvailable(check, platform, advice)
  return warn(check, 'the memory that keys are in could not be locked against swapping', advice)
}

function swap({ readFile, platform }: HardeningFacts): HardeningFinding {
  const advice = 'turn swap off, encrypt it, or set MemorySwapMax=0 in the service file'
  const table = readFile('/proc/swaps')
  if (table === undefined) return notAvailable('swap', platform, advice)
  const devices = table
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/)[0] ?? '')
  if (devices.length === 0) return ok('swap', 'no swap is in use')
  return warn('swap', `memory with secrets may be written to ${devices.join(', ')}`, advice)
}

function user({ uid }: HardeningFacts): HardeningFinding {
  if (uid !== 0) return ok('user', 'the server runs as an ordinary user')
  return warn('user', 'the server runs as root', 'run it as a user of its own')
}

function fileMode({ mode }: HardeningFacts, path: string): HardeningFinding {
  const check = 'file-mode'
  const bits = mode(path)
  if (bits === undefined) return ok(check, `${path} does not exist yet`)
  const text = `${path} has mode 0${bits.toString(8)}`
  const advice = `chmod go-rwx ${path}`
  if ((bits & 0o022) !== 0) return fail(check, `${text}: others can change it`, advice)
  if ((bits & 0o077) !== 0) return warn(check, `${text}: others can read it`, advice)
  return ok(check, text)
}

function nodeVersion({ nodeVersion: version }: HardeningFacts): HardeningFinding {
  const safe = SAFE_NODE.join('.')
  if (!isBelow(version, SAFE_NODE)) return ok('node-version', `Node.js ${version}`)
  const detail = `Node.js ${version} lacks security fixes that came with ${safe}: it can be crashed through TLS`
  return warn('node-version', detail, `run Node.js ${safe} or later as soon as it can be had`)
}

function secureHeap({ secureHeap: size }: HardeningFacts): HardeningFinding {
  if (size > 0) return ok('secure-heap', `OpenSSL keeps private keys in a locked heap of ${size} bytes`)
  return warn(
    'secure-heap',
    'OpenSSL keeps private keys (TLS) in ordinary memory',
    'start Node.js with --secure-heap=4194304',
  )
}

/** A version like `26.13.1`, or `26.13.1-rc.1`, which counts as its release. */
function isBelow(version: string, floor: readonly number[]): boolean {
  const parts = version.split(/[.+-]/).map(Number)
  for (const [i, least] of floor.entries()) {
    const part = parts[i] ?? 0
    if (part !== least) return !(part > least)
  }
  return false
}

function ifPresent<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}

function ok(check: string, detail: string): HardeningFinding {
  return { check, status: 'ok', detail, advice: '' }
}

function warn(check: string, detail: string, advice: string): HardeningFinding {
  return { check, status: 'warn', detail, advice }
}

function fail(check: string, detail: string, advice: string): HardeningFinding {
  return { check, status: 'fail', detail, advice }
}

function notAvailable(check: string, platform: string, advice: string): HardeningFinding {
  return warn(check, `not available on ${platform}`, advice)
}
