import { X509Certificate } from 'node:crypto'
import type { PeerCertificate } from '../request/wire.ts'
import { listenerErrors } from './errors.ts'

export type CertificateDecoder = 'URL' | 'BASE64' | 'DER'

/**
 * A client certificate as a proxy hands it on: percent-encoded, in base64, or as PEM. `DER` names what must come out and
 * changes nothing. Throws `LISTENER_XFF_CERT`.
 */
export function decodeForwardedCertificate(text: string, decoders: readonly CertificateDecoder[]): PeerCertificate {
  try {
    let bytes = Buffer.from(text, 'latin1')
    for (const decoder of decoders) bytes = decode(bytes, decoder)
    return { chain: [new X509Certificate(bytes).raw] }
  } catch {
    throw listenerErrors.XFF_CERT()
  }
}

function decode(bytes: Buffer, decoder: CertificateDecoder): Buffer<ArrayBuffer> {
  const text = bytes.toString('latin1')
  if (decoder === 'URL') return Buffer.from(decodeURIComponent(text), 'latin1')
  if (decoder === 'BASE64') return Buffer.from(text, 'base64')
  return Buffer.from(bytes)
}
