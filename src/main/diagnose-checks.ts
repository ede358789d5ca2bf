/** What `coffer operator diagnose` looks at. Each check tells what it found, and what to do about it. */
import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from '../config/index.ts'
import { CofferError } from '../errors/coffer-error.ts'
import { systemClock, type Clock } from '../lib/clock.ts'
import { Metrics, silentLogger } from '../lib/observe/index.ts'
import type { ListenerConfig, TlsConfig } from '../listener/config.ts'
import { readSecureContext } from '../listener/tls-context.ts'
import { ROOT_TOKENS } from '../auth/token-keys.ts'
import { AutoSeal } from '../seal/auto/auto-seal.ts'
import { reasonOf } from '../seal/reason.ts'
import { LmdbDriver } from '../storage/drivers/lmdb.ts'
import { fromConfigFiles } from './config-settings.ts'
import type { SealSettings } from './seal-settings.ts'
import type { Settings } from './settings.ts'
import { openFollower, type ThreadStorage } from './storage.ts'

export interface Finding {
  readonly area: string
  readonly status: 'ok' | 'warn' | 'fail'
  readonly detail: string
  readonly advice: string
}

const DAY = 86_400_000
/** Days before the end of a certificate from which on it is warned of. */
const SOON = 30

export function checkConfiguration(
  paths: readonly string[],
  environment?: Environment,
): {
  readonly settings: Settings | undefined
  readonly findings: readonly Finding[]
} {
  const area = 'configuration'
  if (paths.length === 0) {
    return {
      settings: undefined,
      findings: [{ area, status: 'warn', detail: 'none was given', advice: 'give it with -config' }],
    }
  }
  try {
    const settings = fromConfigFiles(paths, environment)
    const warnings = settings.warnings.map((detail): Finding => ({ area, status: 'warn', detail, advice: '' }))
    return {
      settings,
      findings: [{ area, status: 'ok', detail: `read ${settings.configFiles.join(', ')}`, advice: '' }, ...warnings],
    }
  } catch (error) {
    const detail = error instanceof CofferError ? error.messages.join('\n') : sentence(error, 'it cannot be read')
    return {
      settings: undefined,
      findings: [{ area, status: 'fail', detail, advice: 'mend it: the server will not start' }],
    }
  }
}

/** Reads from a storage that others may be using, and leaves it as it is. */
async function checkShared(storage: ThreadStorage): Promise<Finding> {
  const area = 'storage'
  try {
    const driver = await openFollower(storage, () => 0, { clock: systemClock, log: silentLogger, cachedEntries: 0 })
    const { sequence } = driver
    await driver.close()
    return { area, status: 'ok', detail: `${storage.type} answers; its last commit is number ${sequence}`, advice: '' }
  } catch (error) {
    const advice = 'see that it runs, that the address and the user are right, and that a server has been started on it'
    return { area, status: 'fail', detail: sentence(error, `${storage.type} cannot be read`), advice }
  }
}

/** Opens a store that is there, and makes none: files of the wrong user would keep the server out. */
export async function checkStorage({ storage }: Settings): Promise<Finding> {
  const area = 'storage'
  if (storage.type === 'inmem') {
    return {
      area,
      status: 'warn',
      detail: 'the data is gone when the server ends',
      advice: 'use storage "lmdb" for anything that has to stay',
    }
  }
  if (storage.type !== 'lmdb') return checkShared(storage)
  const { path } = storage
  const folder = statSync(path, { throwIfNoEntry: false })
  if (folder === undefined)
    return { area, status: 'ok', detail: `${path} does not exist yet; the server makes it`, advice: '' }
  if (!folder.isDirectory())
    return { area, status: 'fail', detail: `${path} is no folder`, advice: 'give the path of a folder' }
  if (process.getuid !== undefined && folder.uid !== process.getuid()) {
    return {
      area,
      status: 'warn',
      detail: `${path} belongs to another user, so it was not opened`,
      advice: 'run diagnose as the user that the server runs as',
    }
  }
  if (!existsSync(join(path, 'data.mdb')))
    return { area, status: 'ok', detail: `${path} has no store yet; the server makes it`, advice: '' }
  try {
    await new LmdbDriver({ path }).close()
    return { area, status: 'ok', detail: `${path} opens`, advice: '' }
  } catch (error) {
    const detail = sentence(error, 'it cannot be opened')
    const isInUse = error instanceof CofferError && error.code === 'STORAGE_IN_USE'
    if (isInUse) return { area, status: 'ok', detail, advice: 'that is as it should be if it is the server' }
    return { area, status: 'fail', detail, advice: 'check the folder, its owner and its disk' }
  }
}

/**
 * How many root tokens are stored: that can be seen without the keys. Undefined where there is nothing to look into, or no way; then the
 * storage's own check says so.
 */
export async function checkRootTokens({ storage }: Settings): Promise<Finding | undefined> {
  if (storage.type === 'inmem') return undefined
  if (storage.type === 'lmdb') {
    const folder = statSync(storage.path, { throwIfNoEntry: false })
    const isOurs = process.getuid === undefined || folder?.uid === process.getuid()
    if (!isOurs || !existsSync(join(storage.path, 'data.mdb'))) return undefined
  }
  const area = 'root tokens'
  try {
    const driver = await openFollower(storage, () => 0, { clock: systemClock, log: silentLogger, cachedEntries: 0 })
    try {
      const snapshot = await driver.snapshot()
      const count = (await snapshot.keys({ prefix: ROOT_TOKENS })).length
      snapshot.close()
      if (count === 0) return { area, status: 'ok', detail: 'none is stored', advice: '' }
      const advice = 'revoke them once they have done their work: coffer operator root-tokens revoke'
      return { area, status: 'warn', detail: `${count} stored, each of which may do everything`, advice }
    } finally {
      await driver.close()
    }
  } catch {
    return undefined
  }
}

/** Asks the key service of each seal to encrypt and decrypt, and makes no key. */
export async function checkSeal(setting: SealSettings, clock: Clock): Promise<Finding> {
  const area = `seal ${setting.type}`
  const deps = { clock, log: silentLogger, metrics: new Metrics(clock), mayMakeKeys: false }
  try {
    const seal = setting.make(deps)
    if (!(seal instanceof AutoSeal))
      return { area, status: 'ok', detail: 'operators unseal the server with their shares', advice: '' }
    try {
      await seal.test()
    } finally {
      seal.close()
    }
    return { area, status: 'ok', detail: 'its key service encrypts and decrypts', advice: '' }
  } catch (error) {
    return { area, status: 'fail', detail: reasonOf(error), advice: 'mend it: the server could not unseal' }
  }
}

export async function checkListener(listener: ListenerConfig, clock: Clock): Promise<Finding> {
  const area = `listener ${listener.address}`
  if (listener.type === 'unix')
    return { area, status: 'ok', detail: 'a unix socket: its permissions say who may connect', advice: '' }
  if (listener.tls === undefined) {
    return {
      area,
      status: 'warn',
      detail: 'TLS is disabled: tokens and secrets cross the network in clear',
      advice: 'set tls_cert_file and tls_key_file',
    }
  }
  try {
    await readSecureContext(listener.tls)
    return { area, ...certificateFinding(listener.tls, clock.now()) }
  } catch (error) {
    return {
      area,
      status: 'fail',
      detail: sentence(error, 'TLS cannot be set up'),
      advice: 'mend it: the listener will not start',
    }
  }
}

function certificateFinding({ certFile }: TlsConfig, now: number): Omit<Finding, 'area'> {
  const certificate = new X509Certificate(readFileSync(certFile))
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)]
  if (now > to) return { status: 'fail', detail: `the certificate ended ${certificate.validTo}`, advice: 'renew it' }
  if (now < from)
    return {
      status: 'fail',
      detail: `the certificate is not good before ${certificate.validFrom}`,
      advice: 'check the clock',
    }
  const days = Math.floor((to - now) / DAY)
  if (days < SOON) return { status: 'warn', detail: `the certificate ends in ${days} days`, advice: 'renew it' }
  return { status: 'ok', detail: `the certificate is good for ${days} days`, advice: '' }
}

export function checkAudit({ auditDevices }: Settings): Finding {
  const area = 'audit'
  if (auditDevices.length > 0)
    return { area, status: 'ok', detail: `${auditDevices.length} device(s) declared`, advice: '' }
  return {
    area,
    status: 'warn',
    detail: 'no audit device is declared: nothing is recorded unless one is enabled later',
    advice: 'add an audit stanza',
  }
}

function sentence(error: unknown, otherwise: string): string {
  return error instanceof Error ? error.message : otherwise
}
