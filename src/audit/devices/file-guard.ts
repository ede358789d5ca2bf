/**
 * Which paths an audit file may have. Whoever may enable a device chooses where this process writes what others send,
 * so a path must not lead to code, configuration or the kernel, by any link (CVE-2025-6000, CVE-2026-5051).
 */
import * as fs from 'node:fs/promises'
import type { Stats } from 'node:fs'
import * as nodePath from 'node:path'
import { auditErrors } from '../../errors/audit.ts'
import { CofferError } from '../../errors/coffer-error.ts'
import { escapeControls } from '../../lib/observe/index.ts'
import { codeOf } from './append.ts'

const KERNEL = ['/proc', '/sys', '/dev']

/**
 * The path to open, without links. Makes its folder if there is none. Rejects with `AUDIT_FILE_REFUSED`.
 * `forbidden`: folders below which nothing may be written.
 */
export async function resolveAuditPath(path: string, forbidden: readonly string[]): Promise<string> {
  try {
    return await resolve(path, forbidden)
  } catch (error) {
    throw error instanceof CofferError ? error : refused(`can't be reached: ${codeOf(error)}`)
  }
}

async function resolve(path: string, forbidden: readonly string[]): Promise<string> {
  if (escapeControls(path) !== path) throw refused('has control characters in its path')
  if (path.split('/').includes('..')) throw refused('has ".." in its path')
  if (path.endsWith('/')) throw refused('needs a name: the path ends with "/"')
  const closed = [...KERNEL, ...(await realPaths(forbidden))]
  const absolute = nodePath.resolve(path)
  assertOutside(absolute, closed)
  const folder = nodePath.dirname(absolute)
  assertOutside(await nearestReal(folder), closed)
  await fs.mkdir(folder, { recursive: true, mode: 0o700 })
  const target = nodePath.join(await fs.realpath(folder), nodePath.basename(absolute))
  assertOutside(target, closed)
  const stats = await lstat(target)
  if (stats?.isSymbolicLink() !== true) return target
  const real = await followed(target)
  assertOutside(real, closed)
  return real
}

/** Rejects what was opened unless it is a file of ours that nobody runs. */
export function assertAuditFile(stats: Stats): void {
  if (!stats.isFile()) throw refused('must be a regular file')
  if (process.geteuid !== undefined && stats.uid !== process.geteuid()) throw refused('belongs to another user')
  if ((stats.mode & 0o111) !== 0) throw refused('is executable')
  if ((stats.mode & 0o7000) !== 0) throw refused('has a setuid, setgid or sticky bit')
}

export function refused(reason: string): Error {
  return auditErrors.FILE_REFUSED({ reason })
}

function assertOutside(path: string, closed: readonly string[]): void {
  if (closed.some((folder) => path === folder || path.startsWith(`${folder}/`)))
    throw refused('stands in a folder that is closed to audit devices')
}

async function realPaths(folders: readonly string[]): Promise<string[]> {
  const out: string[] = []
  for (const folder of folders) {
    const absolute = nodePath.resolve(folder)
    out.push(absolute, await nearestReal(absolute))
  }
  return out
}

/** The path with links resolved as far as it exists. */
async function nearestReal(path: string): Promise<string> {
  try {
    return await fs.realpath(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
  const parent = nodePath.dirname(path)
  return parent === path ? path : nodePath.join(await nearestReal(parent), nodePath.basename(path))
}

async function lstat(path: string): Promise<Stats | undefined> {
  try {
    return await fs.lstat(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

async function followed(link: string): Promise<string> {
  try {
    return await fs.realpath(link)
  } catch {
    throw refused('is a link that leads nowhere')
  }
}
