import assert from 'node:assert/strict'
import type * as X509 from '@peculiar/x509'
import { createPublicKey, webcrypto } from 'node:crypto'
import { before, suite, test } from 'node:test'
import { testEngine } from '../../../../../test/support/engine.ts'
import { textAt } from '../../../../../test/support/json.ts'
import { transitEngine } from '../engine.ts'

suite('certificates', () => {
  let x509: typeof X509
  before(async () => {
    await import('reflect-metadata')
    x509 = await import('@peculiar/x509')
  })

  for (const type of ['rsa-2048', 'ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'ed25519', 'ml-dsa-44']) {
    test(`${type}: a request is signed by the key that it is for`, async () => {
      await using e = await testEngine(transitEngine())
      await e.write('keys/k', { type })
      const answer = await e.write('keys/k/csr')
      const request = new x509.Pkcs10CertificateRequest(textAt(answer.data, 'csr'))
      assert.ok(await request.verify())
      assert.equal(request.subject, '')
      const spki = createPublicKey(textAt((await e.read('export/public-key/k', { format: 'pem' })).data, 'keys', '1'))
      assert.deepEqual(Buffer.from(request.publicKey.rawData), spki.export({ format: 'der', type: 'spki' }))
    })
  }

  test('a template gives its subject and its extensions, and nothing of its key', async () => {
    await using e = await testEngine(transitEngine())
    await e.write('keys/k', { type: 'ecdsa-p384' })
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const template = await x509.Pkcs10CertificateRequestGenerator.create({
      name: 'CN=app, O=Example',
      keys,
      signingAlgorithm: algorithm,
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'app.example' }])],
    })
    const answer = await e.write('keys/k/csr', { csr: template.toString('pem') })
    const request = new x509.Pkcs10CertificateRequest(textAt(answer.data, 'csr'))
    assert.ok(await request.verify())
    assert.equal(request.subject, 'CN=app, O=Example')
    assert.equal(request.extensions.length, 1)
    assert.notDeepEqual(request.publicKey.rawData, template.publicKey.rawData)
  })

  test('a chain is kept and exported where its leaf is of the key', async () => {
    await using e = await testEngine(transitEngine())
    await e.write('keys/k', { type: 'ecdsa-p256' })
    await e.write('keys/other', { type: 'ecdsa-p256' })
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
    const authority = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const spki = createPublicKey(textAt((await e.read('export/public-key/k')).data, 'keys', '1'))
    const publicKey = await webcrypto.subtle.importKey(
      'spki',
      Uint8Array.from(spki.export({ format: 'der', type: 'spki' })),
      algorithm,
      true,
      ['verify'],
    )
    const dates = { notBefore: new Date(0), notAfter: new Date(4_000_000_000_000) }
    const root = await x509.X509CertificateGenerator.createSelfSigned({
      ...dates,
      name: 'CN=root',
      keys: authority,
      signingAlgorithm: algorithm,
      extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
    })
    const leaf = await x509.X509CertificateGenerator.create({
      ...dates,
      subject: 'CN=leaf',
      issuer: 'CN=root',
      publicKey,
      signingKey: authority.privateKey,
      signingAlgorithm: algorithm,
    })
    const chain = `${leaf.toString('pem')}\n${root.toString('pem')}`
    assert.equal((await e.write('keys/k/set-certificate', { certificate_chain: chain })).status, 200)
    const exported = textAt((await e.read('export/certificate-chain/k')).data, 'keys', '1')
    assert.equal(exported, textAt((await e.read('keys/k')).data, 'keys', '1', 'certificate_chain'))
    assert.equal(new x509.X509Certificate(exported).subject, 'CN=leaf')
    for (const [name, given] of [
      ['other', chain],
      ['k', ''],
      ['k', root.toString('pem')],
      ['k', `${root.toString('pem')}\n${leaf.toString('pem')}`],
      ['k', `${leaf.toString('pem')}\n${leaf.toString('pem')}`],
      ['k', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'],
    ] as const)
      assert.equal((await e.write(`keys/${name}/set-certificate`, { certificate_chain: given })).status, 400)
  })

  test('is refused where there is nothing to sign with', async () => {
    await using e = await testEngine(transitEngine())
    await e.write('keys/aes')
    await e.write('keys/derived', { type: 'ed25519', derived: true })
    await e.write('keys/k', { type: 'ed25519' })
    for (const [name, body] of [
      ['aes', {}],
      ['derived', {}],
      ['none', {}],
      ['k', { version: 2 }],
      ['k', { csr: 'x' }],
      ['k', { csr: '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----' }],
    ] as const)
      assert.equal((await e.write(`keys/${name}/csr`, body)).status, 400, name)
  })
})
