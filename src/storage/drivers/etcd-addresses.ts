/** Where etcd is, and how its certificates are judged. */
import { readFileSync } from 'node:fs'
import { type ChannelCredentials, credentials } from '@grpc/grpc-js'
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
}

/** Throws `STORAGE_CANNOT_OPEN`, which names neither users nor passwords that stand in an address. */
export function parseAddresses(addresses: readonly string[], tls: EtcdTls | undefined): readonly Address[] {
  if (addresses.length === 0) throw cannotOpen('no address of etcd is given')
  const plain = credentials.createInsecure()
  let secure: ChannelCredentials | undefined
  return addresses.map((text) => {
    const { target, scheme } = parse(text, tls === undefined ? 'http' : 'https')
    if (scheme === 'http') return { target, credentials: plain }
    secure ??= secureCredentials(tls ?? {})
    return { target, credentials: secure }
  })
}

function parse(text: string, assumed: string): { readonly target: string; readonly scheme: string } {
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
  return { target: `${url.hostname}:${url.port === '' ? '2379' : url.port}`, scheme }
}

function secureCredentials(tls: EtcdTls): ChannelCredentials {
  if ((tls.certFile === undefined) !== (tls.keyFile === undefined)) {
    throw cannotOpen('a client certificate and its key must be given together')
  }
  const read = (path: string | undefined): Buffer | null => (path === undefined ? null : readFileSync(path))
  try {
    return credentials.createSsl(read(tls.caFile), read(tls.keyFile), read(tls.certFile))
  } catch (error) {
    throw cannotOpen(error instanceof Error ? error.message : 'its certificates cannot be used', error)
  }
}

function cannotOpen(why: string, cause?: unknown): Error {
  return storageErrors.CANNOT_OPEN({ path: 'etcd', why }, cause === undefined ? {} : { cause })
}
