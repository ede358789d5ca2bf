/**
 * The few C library calls that Node does not offer, through `node:ffi`. `libc()` is undefined where they cannot be had
 * (not Linux, or a Node built or started without ffi); every caller says what it does then.
 */
import { openSync, closeSync } from 'node:fs'
import { createRequire } from 'node:module'
import type * as Ffi from 'node:ffi'

const definitions = {
  flock: { arguments: ['i32', 'i32'], return: 'i32' },
  setrlimit: { arguments: ['i32', 'pointer'], return: 'i32' },
  getrlimit: { arguments: ['i32', 'pointer'], return: 'i32' },
  prctl: { arguments: ['i32', 'u64', 'u64', 'u64', 'u64'], return: 'i32' },
  socket: { arguments: ['i32', 'i32', 'i32'], return: 'i32' },
  connect: { arguments: ['i32', 'pointer', 'u32'], return: 'i32' },
} as const

export interface Libc {
  flock(fd: number, operation: number): number
  setrlimit(resource: number, limits: Buffer): number
  getrlimit(resource: number, limits: Buffer): number
  prctl(option: number, value: bigint): number
  socket(domain: number, type: number, protocol: number): number
  connect(fd: number, address: Buffer): number
}

let loaded: Libc | undefined | null = null

export function libc(): Libc | undefined {
  if (loaded === null) loaded = process.platform === 'linux' ? load() : undefined
  return loaded
}

function load(): Libc | undefined {
  try {
    // Asked for at run time: a Node without the module must still be able to load this file.
    const ffi: typeof Ffi = createRequire(import.meta.url)('node:ffi')
    const { functions } = ffi.dlopen(null, definitions)
    return {
      flock: (fd, operation) => functions.flock(fd, operation),
      setrlimit: (resource, limits) => functions.setrlimit(resource, ffi.getRawPointer(limits)),
      getrlimit: (resource, limits) => functions.getrlimit(resource, ffi.getRawPointer(limits)),
      prctl: (option, value) => functions.prctl(option, value, 0n, 0n, 0n),
      socket: (domain, type, protocol) => functions.socket(domain, type, protocol),
      connect: (fd, address) => functions.connect(fd, ffi.getRawPointer(address), address.length),
    }
  } catch {
    return undefined
  }
}

const LOCK_EX = 2
const LOCK_NB = 4

/**
 * Takes the kernel's exclusive lock on a file (created if absent, mode 0600) and returns what frees it; the kernel frees it
 * too when the process dies in any way. `held` when another open file has it, `unsupported` where there is no flock.
 */
export function lockFile(path: string): { readonly fd: number; free(): void } | 'held' | 'unsupported' {
  const c = libc()
  if (c === undefined) return 'unsupported'
  const fd = openSync(path, 'a+', 0o600)
  if (c.flock(fd, LOCK_EX | LOCK_NB) === 0) return { fd, free: () => closeSync(fd) }
  closeSync(fd)
  return 'held'
}
