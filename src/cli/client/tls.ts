/** What the client trusts and presents on TLS connections. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import { failure, reasonOf, usageFailure } from '../failure.ts'

export interface TlsSettings {
  readonly caFile: string
  readonly caPem: string | undefined
  readonly caFolder: string
  readonly certFile: string
  readonly keyFile: string
  readonly serverName: string
  readonly skipVerify: boolean
}

/** Whose root certificates to trust where the user names none. */
export type Roots = 'node' | 'machine'

/** Verification failed for want of a root certificate that the machine may have. */
const noIssuer = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** Whether the machine's roots are worth a try after an error of this code. Reading them takes 100 ms, so Node's own come first. */
export function machineMayKnow(settings: TlsSettings, code: string): boolean {
  return (
    noIssuer.has(code) &&
    !settings.skipVerify &&
    settings.caFile === '' &&
    settings.caPem === undefined &&
    settings.caFolder === ''
  )
}

/** Throws `CliFailure` for files that cannot be read. */
export function tlsOptions(settings: TlsSettings, roots: Roots): ConnectionOptions {
  if ((settings.certFile === '') !== (settings.keyFile === '')) {
    throw usageFailure('-client-cert and -client-key go together: give both or neither')
  }
  const ca = trusted(settings, roots)
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: !settings.skipVerify,
    ...(ca === undefined ? {} : { ca }),
    ...(settings.certFile === '' ? {} : { cert: readPem(settings.certFile), key: readPem(settings.keyFile) }),
    ...(settings.serverName === '' ? {} : { servername: settings.serverName }),
  }
}

function trusted(settings: TlsSettings, roots: Roots): string[] | undefined {
  if (settings.caFile !== '') return [readPem(settings.caFile)]
  if (settings.caPem !== undefined) return [settings.caPem]
  if (settings.caFolder !== '') return readFolder(settings.caFolder)
  return roots === 'node' ? undefined : process.getBuiltinModule('node:tls').getCACertificates('system')
}

function readFolder(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => readFileSync(join(folder, entry.name), 'utf8'))
      .filter((text) => text.includes('-----BEGIN CERTIFICATE-----'))
  } catch (error) {
    throw failure(`Error loading CA certificates from ${folder}: ${reasonOf(error)}`)
  }
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw failure(`Error loading ${file}: ${reasonOf(error)}`)
  }
}
