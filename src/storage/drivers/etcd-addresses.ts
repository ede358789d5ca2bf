/** Where etcd is, and how its certificates are judged. */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import { type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js'
import { storageErrors } from '../../errors/storage.ts'

export interface EtcdTls {
  /** Certificates to trust, PEM; those of the system where absent. */
  readonly caFile?: string
  /** This client's own certificate and key, PEM. */
  readonly certFile?: string
  readonly keyFile?: string
  /** The name that the server's certificate must bear, where that is not the host of the address. */
  readonly serverName?: string
}

export interface Address {
  /** `host:port`. */
  readonly target: string
  readonly credentials: ChannelCredentials
  readonly options: ChannelOptions
}

/** What is asked for by an address alone is asked for under this name: TLS has no place for an address. */
const NAMELESS = 'etcd'

/** Throws `STORAGE_CANNOT_OPEN`, which names neither users nor passwords that stand in an address. */
export function parseAddresses(addresses: readonly string[], tls: EtcdTls | undefined): readonly Address[] {
  if (addresses.length === 0) throw cannotOpen('no address of etcd is given')
  const files = filesOf(tls ?? {})
  return addresses.map((text) => {
    const { host, target, scheme } = parse(text, tls === undefined ? 'http' : 'https')
    if (scheme === 'http') return { target, credentials: credentials.createInsecure(), options: {} }
    return { target, ...secured(files, tls?.serverName ?? host, tls?.serverName !== undefined) }
  })
}

function parse(
  text: string,
  assumed: string,
): { readonly host: string; readonly target: string; readonly scheme: string } {
  const [, scheme = assumed, rest = ''] = /^(?:(https?):\/\/)?(.*)$/s.exec(text) ?? []
  // A scheme without a port of its own, so that the parser keeps the one that is given.
  const whole = `etcd://${rest}`
  const url = URL.canParse(whole) ? new URL(whole) : undefined
  if (url !== undefined && (url.username !== '' || url.password !== '')) {
    throw cannotOpen('an address of etcd must not hold a user or password; they are settings of their own')
  }
  if (url === undefined || url.hostname === '' || !['', '/'].includes(url.pathname) || url.search + url.hash !== '') {
    throw cannotOpen('an address of etcd must be http://host:port or https://host:port')
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return { host, target: `${url.hostname}:${url.port === '' ? '2379' : url.port}`, scheme }
}

interface Files {
  readonly ca: Buffer | null
  readonly cert: Buffer | null
  readonly key: Buffer | null
}

function filesOf({ caFile, certFile, keyFile }: EtcdTls): Files {
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw cannotOpen('a client certificate and its key must be given together')
  }
  const read = (path: string | undefined): Buffer | null => (path === undefined ? null : readFileSync(path))
  try {
    return { ca: read(caFile), cert: read(certFile), key: read(keyFile) }
  } catch (error) {
    throw unusable(error)
  }
}

/** The server must show a certificate for `name`, which is a name or an address. */
function secured({ ca, cert, key }: Files, name: string, always: boolean): Omit<Address, 'target'> {
  const isAddress = isIP(name) !== 0
  const verify = isAddress
    ? { checkServerIdentity: (_: string, shown: PeerCertificate) => checkServerIdentity(name, shown) }
    : {}
  const asked = isAddress ? NAMELESS : name
  try {
    return {
      credentials: credentials.createSsl(ca, key, cert, verify),
      options: isAddress || always ? { 'grpc.ssl_target_name_override': asked } : {},
    }
  } catch (error) {
    throw unusable(error)
  }
}

function unusable(error: unknown): Error {
  return cannotOpen(error instanceof Error ? error.message : 'its certificates cannot be used', error)
}

function cannotOpen(why: string, cause?: unknown): Error {
  return storageErrors.CANNOT_OPEN({ path: 'etcd', why }, cause === undefined ? {} : { cause })
}
