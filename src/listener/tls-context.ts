/** What the files named in the configuration say now, checked as a whole before anything uses it. */
import { readFile } from 'node:fs/promises'
import { createSecureContext, getCACertificates } from 'node:tls'
import type { SecureContextOptions, TlsOptions } from 'node:tls'
import { createHash, X509Certificate } from 'node:crypto'
import { constants } from 'node:crypto'
import type { TlsConfig } from './config.ts'
import { opensslCiphers } from './cipher-suites.ts'
import { listenerErrors } from './errors.ts'

const versions = { tls12: 'TLSv1.2', tls13: 'TLSv1.3' } as const

/** Rejects with a `LISTENER_TLS_*` error: an unreadable file, a key of another certificate, an unknown suite. */
export async function readSecureContext(config: TlsConfig): Promise<SecureContextOptions> {
  if (config.maxVersion < config.minVersion) throw listenerErrors.TLS_VERSIONS()
  if (config.disableClientCerts && config.requireAndVerifyClientCert) throw listenerErrors.TLS_CLIENT_CERTS()
  const [cert, key] = await Promise.all([read('tls_cert_file', config.certFile), read('tls_key_file', config.keyFile)])
  const options: SecureContextOptions = {
    cert,
    key,
    ciphers: opensslCiphers(config.cipherSuites),
    minVersion: versions[config.minVersion],
    maxVersion: versions[config.maxVersion],
    honorCipherOrder: true,
    secureOptions: secureOptions(config),
    sessionIdContext: createHash('sha256').update(cert).digest('hex').slice(0, 32),
    ...(config.requireAndVerifyClientCert ? { ca: await clientAuthorities(config) } : {}),
  }
  try {
    createSecureContext(options)
  } catch (cause) {
    throw listenerErrors.TLS_PAIR({ cert: config.certFile, key: config.keyFile }, { cause })
  }
  return options
}

/** What a server fixes for its life. */
export function clientCertificateOptions(config: TlsConfig): TlsOptions {
  return {
    requestCert: !config.disableClientCerts,
    // Otherwise a certificate is only taken note of: the cert auth method verifies it.
    rejectUnauthorized: config.requireAndVerifyClientCert,
  }
}

/**
 * A resumed session shows the certificate of the handshake before it, so where certificates matter there are no tickets
 * (CVE-2026-123872). Renegotiation would change the certificate below a running request.
 */
function secureOptions(config: TlsConfig): number {
  const always = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION
  return config.disableClientCerts ? always : always | constants.SSL_OP_NO_TICKET
}

async function clientAuthorities(config: TlsConfig): Promise<string[]> {
  const path = config.clientCaFile
  if (path === undefined) return getCACertificates('system')
  const pem = (await read('tls_client_ca_file', path)).toString()
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/gu) ?? []
  if (certificates.length === 0 || !certificates.every(isCertificate)) throw listenerErrors.TLS_CLIENT_CA({ path })
  return certificates
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}

async function read(field: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw listenerErrors.TLS_FILE({ field, path }, { cause })
  }
}
