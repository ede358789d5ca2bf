/**
 * The certificate by which the nodes of a cluster know each other. The leader makes one for its term and puts it in the storage,
 * behind the barrier: who can show it has unsealed this vault. Both sides show the same one and take no other, so names and dates in
 * it say nothing; the dates are wide, so that clocks that disagree part nobody.
 */
import { webcrypto } from 'node:crypto'

export interface ClusterCertificate {
  /** PEM. */
  readonly certificate: string
  /** PKCS #8, PEM. */
  readonly privateKey: string
}

export const CLUSTER_HOST = 'coffer-cluster'

const DAY = 86_400_000
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' }

/** @param now wall clock, ms. */
export async function makeClusterCertificate(now: number): Promise<ClusterCertificate> {
  // The library wants this one first; both are loaded by nodes that share a storage, and by them alone.
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${CLUSTER_HOST}`,
    notBefore: new Date(now - 30 * DAY),
    notAfter: new Date(now + 3650 * DAY),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: CLUSTER_HOST }]),
    ],
  })
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  return { certificate: made.toString('pem'), privateKey: pem('PRIVATE KEY', key) }
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
