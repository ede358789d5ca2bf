/** Development servers set themselves up and open themselves: one share, kept beside the data (or nowhere, in memory). */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Server } from '../core/compose.ts'

export interface DevKeys {
  readonly unsealKey: string
  readonly rootToken: string
  /** They were made just now. */
  readonly fresh: boolean
}

export const devFolder = 'coffer-data'

/** `file` is where the keys are kept; undefined keeps them nowhere. */
export async function openDevelopmentServer(server: Server, file: string | undefined): Promise<DevKeys> {
  const keys = server.lifecycle.state() === 'uninitialized' ? await setUp(server, file) : readKeys(file)
  await server.lifecycle.unseal(keys.unsealKey)
  if (keys.fresh) await server.mountDevelopmentKv()
  return keys
}

async function setUp(server: Server, file: string | undefined): Promise<DevKeys> {
  const made = await server.lifecycle.initialize({
    secretShares: 1,
    secretThreshold: 1,
    pgpKeys: [],
    rootTokenPgpKey: '',
    storedShares: undefined,
    recoveryShares: undefined,
    recoveryThreshold: undefined,
  })
  const [unsealKey = ''] = made.keysBase64
  if (file !== undefined) keep(file, unsealKey, made.rootToken)
  return { unsealKey, rootToken: made.rootToken, fresh: true }
}

/** Whole or not at all, and never readable by others, not even for a moment. */
function keep(file: string, unsealKey: string, rootToken: string): void {
  const text = `${JSON.stringify({ note: 'of a development server: do not use it for real secrets', unseal_key: unsealKey, root_token: rootToken }, null, 2)}\n`
  const draft = `${file}.new`
  writeFileSync(draft, text, { mode: 0o600, flush: true })
  renameSync(draft, file)
}

function readKeys(file: string | undefined): DevKeys {
  if (file === undefined || !existsSync(file)) {
    throw new Error(
      `the data folder holds a vault whose keys are not in ${file ?? 'it'}: unseal it with \`coffer server -config=…\`, or start with another folder`,
    )
  }
  const members = membersOf(readFileSync(file, 'utf8'))
  const [unsealKey, rootToken] = [members.get('unseal_key'), members.get('root_token')]
  if (typeof unsealKey !== 'string' || typeof rootToken !== 'string')
    throw new Error(`${file} takes "unseal_key" and "root_token"`)
  return { unsealKey, rootToken, fresh: false }
}

/** None of a text that is no JSON: its error would quote it. */
function membersOf(text: string): ReadonlyMap<string, unknown> {
  try {
    const kept: unknown = JSON.parse(text)
    return new Map(Object.entries(kept ?? {}))
  } catch {
    return new Map()
  }
}

/** `./coffer-data` with its store inside; both for their owner alone. */
export function prepareDevFolder(cwd: string): { readonly store: string; readonly keysFile: string } {
  const folder = join(cwd, devFolder)
  mkdirSync(join(folder, 'store'), { recursive: true, mode: 0o700 })
  return { store: join(folder, 'store'), keysFile: join(folder, 'dev-keys.json') }
}
