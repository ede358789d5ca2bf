/**
 * Published vectors: those of the standards, of NIST (`testdata/nist.json`: CAVP's for AES-GCM, known answers for ML-DSA with a context,
 * a choice of each), and of Project Wycheproof (`testdata/wycheproof.json`, a choice of them), which are made to
 * find what implementations get wrong.
 */
import assert from 'node:assert/strict'
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  hkdfSync,
  randomBytes,
  verify,
  type KeyObject,
} from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { keyTypeOf, type KeyType } from '../key-types.ts'
import { LoadedVersion } from '../loaded-key.ts'
import { hmacText } from '../mac.ts'
import { newKey } from '../key.ts'
import { open, seal } from './aead.ts'
import { cmac } from './cmac.ts'
import { curveOf } from './curves.ts'
import { hkdfExpand, hkdfExtract } from './derive.ts'
import { verifyDigest } from './ecdsa-digest.ts'
import { ed25519Pair } from '../../../../lib/secure/ed25519.ts'
import { verifyEcdsa } from './ecdsa.ts'
import { fromAsn1, fromJws, toAsn1 } from './ecdsa-form.ts'
import { publicIn, signEdwards } from './ed25519.ts'
import { hashOf, type HashFunction } from './hashes.ts'
import { decapsulated } from './kem.ts'
import { unwrapPadded, wrapPadded } from './key-wrap.ts'
import { verifyPostQuantum } from './post-quantum.ts'
import { decryptOaep, verifyRsa } from './rsa.ts'

type Case = { readonly [name: string]: string } & { readonly ok: boolean | string; readonly salt?: number }

function vectorsIn(file: string): ReadonlyMap<string, readonly Case[]> {
  return new Map(Object.entries(JSON.parse(readFileSync(join(import.meta.dirname, 'testdata', file), 'utf8'))))
}

const vectors = vectorsIn('wycheproof.json')
const nist = vectorsIn('nist.json')

function casesOf(name: string): readonly Case[] {
  const cases = vectors.get(name) ?? []
  assert.ok(cases.length > 2, name)
  return cases
}

const hex = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'hex')

function typeOf(name: string): KeyType {
  const type = keyTypeOf(name)
  assert.ok(type !== undefined, name)
  return type
}

function hashNamed(name: string): HashFunction {
  const hash = hashOf(name)
  assert.ok(hash !== undefined, name)
  return hash
}

function publicKeyOf({ pk }: Case): KeyObject {
  return createPublicKey({ key: hex(pk), format: 'der', type: 'spki' })
}

suite('NIST', () => {
  for (const name of ['aes128-gcm96', 'aes256-gcm96']) {
    test(name, async () => {
      const cases = nist.get(name) ?? []
      assert.ok(cases.some(({ ok }) => ok) && cases.some(({ ok }) => !ok))
      for (const { key, iv, aad, msg, ct, tag, ok } of cases) {
        const own = { object: createSecretKey(hex(key)), bytes: hex(key) }
        const opened = open(typeOf(name), own, Buffer.concat([hex(iv), hex(ct), hex(tag)]), hex(aad))
        if (ok === true) assert.deepEqual(await opened, hex(msg))
        else await assert.rejects(opened, { code: 'TRANSIT_AUTHENTICATION' })
      }
    })
  }

  for (const name of ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'] as const) {
    test(name, async () => {
      const [one] = nist.get(name) ?? []
      assert.ok(one !== undefined)
      const { seed, pk, msg, ctx, sig } = one
      const key = createPublicKey({ format: 'raw-public', key: hex(pk), asymmetricKeyType: name })
      const own = createPrivateKey({ format: 'raw-seed', key: hex(seed), asymmetricKeyType: name })
      assert.ok(createPublicKey(own).equals(key))
      assert.ok(await verifyPostQuantum(key, hex(msg), hex(sig), hex(ctx)))
      assert.ok(!(await verifyPostQuantum(key, hex(msg), hex(sig), Buffer.alloc(0))))
      assert.ok(!(await verifyPostQuantum(key, Buffer.concat([hex(msg), hex('00')]), hex(sig), hex(ctx))))
    })
  }
})

suite('Wycheproof', () => {
  for (const name of ['aes128-gcm96', 'aes256-gcm96', 'chacha20-poly1305', 'xchacha20-poly1305']) {
    test(name, async () => {
      const type = typeOf(name)
      for (const { key, iv, aad, msg, ct, tag, ok } of casesOf(name)) {
        const own = { object: createSecretKey(hex(key)), bytes: hex(key) }
        const sealed = Buffer.concat([hex(iv), hex(ct), hex(tag)])
        const associated = aad === '' ? undefined : hex(aad)
        if (ok === true) assert.deepEqual(await open(type, own, sealed, associated), hex(msg))
        else await assert.rejects(open(type, own, sealed, associated), { code: 'TRANSIT_AUTHENTICATION' })
      }
    })
  }

  test('AES-KWP', () => {
    for (const { key, msg, ct, ok } of casesOf('kwp')) {
      if (ok !== true) assert.throws(() => unwrapPadded(hex(key), hex(ct)))
      else {
        assert.deepEqual(unwrapPadded(hex(key), hex(ct)), hex(msg))
        assert.deepEqual(wrapPadded(hex(key), hex(msg)), hex(ct))
      }
    }
  })

  test('CMAC', () => {
    for (const { key = '', msg, tag, ok } of casesOf('cmac')) {
      const cipher = key.length === 32 ? 'aes-128-cbc' : 'aes-256-cbc'
      assert.equal(cmac(cipher, createSecretKey(hex(key)), hex(msg)).toString('hex') === tag, ok)
    }
  })

  test('Ed25519', () => {
    for (const one of casesOf('ed25519'))
      assert.equal(verify(null, hex(one['msg']), publicKeyOf(one), hex(one['sig'])), one.ok)
  })

  for (const [engine, curve, hash] of [
    ['secp256r1', 'P-256', 'sha2-256'],
    ['secp384r1', 'P-384', 'sha2-384'],
    ['secp521r1', 'P-521', 'sha2-512'],
  ] as const) {
    const found = hashNamed(hash)
    const { bytes } = curveOf(curve)
    test(`ECDSA over ${curve}, in ASN.1`, async () => {
      for (const one of casesOf(`ecdsa-${engine}`)) assert.equal(await asn1Valid(one, curve, bytes, found), one.ok)
    })

    test(`ECDSA over ${curve}, as JWS, of the message and of its hash`, async () => {
      for (const one of casesOf(`ecdsa-p1363-${engine}`)) {
        const key = publicKeyOf(one)
        const message = hex(one['msg'])
        const pair = hex(one['sig']).length === 2 * bytes ? fromJws(hex(one['sig']), bytes) : undefined
        const digest = createHash(found.engine).update(message).digest()
        const ofMessage =
          pair !== undefined && (await verifyEcdsa(key, message, pair, { curve, hash: found, prehashed: false }))
        assert.equal(ofMessage, one.ok)
        assert.equal(pair !== undefined && verifyDigest(key, curve, digest, pair), one.ok)
      }
    })
  }

  test('RSA-PSS, of the message and of its hash', async () => {
    for (const one of casesOf('rsa-pss')) await rsaValid(one, 'pss')
  })

  test('RSA by PKCS #1, of the message and of its hash', async () => {
    for (const one of casesOf('rsa-pkcs1')) await rsaValid(one, 'pkcs1v15')
  })

  test('RSA-OAEP', async () => {
    for (const { key, msg, ct, ok } of casesOf('rsa-oaep')) {
      const own = createPrivateKey({ key: hex(key), format: 'der', type: 'pkcs8' })
      if (ok === 'valid') assert.deepEqual(await decryptOaep(own, hex(ct)), hex(msg))
      else if (ok === 'invalid') await assert.rejects(decryptOaep(own, hex(ct)), { code: 'TRANSIT_RSA_DECRYPTION' })
    }
  })

  for (const name of ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87']) {
    test(name, async () => {
      for (const one of casesOf(name)) {
        const context = hex(one['ctx'])
        // Longer ones are refused before they come here, as is a key of another length.
        if (context.length > 255 || !isKey(one)) continue
        assert.equal(await verifyPostQuantum(publicKeyOf(one), hex(one['msg']), hex(one['sig']), context), one.ok)
      }
    })
  }

  for (const name of ['ml-kem-512', 'ml-kem-768', 'ml-kem-1024'] as const) {
    test(name, () => {
      for (const { seed, c, K } of casesOf(name)) {
        const key = createPrivateKey({ key: hex(seed), format: 'raw-seed', asymmetricKeyType: name })
        assert.deepEqual(decapsulated(typeOf(name), key, hex(c)), hex(K))
      }
    })
  }
})

function isKey(one: Case): boolean {
  try {
    publicKeyOf(one)
    return true
  } catch {
    return false
  }
}

async function asn1Valid(one: Case, curve: string, bytes: number, hash: HashFunction): Promise<boolean> {
  try {
    const pair = fromAsn1(hex(one['sig']), bytes)
    if (pair !== undefined && one.ok === true) assert.deepEqual(toAsn1(pair), hex(one['sig']))
    return (
      pair !== undefined &&
      (await verifyEcdsa(publicKeyOf(one), hex(one['msg']), pair, { curve, hash, prehashed: false }))
    )
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && error.code === 'TRANSIT_SIGNATURE_FORM', String(error))
    return false
  }
}

/** What is only "acceptable" may be taken or not, but both ways alike. */
async function rsaValid(one: Case, padding: 'pss' | 'pkcs1v15'): Promise<void> {
  const key = publicKeyOf(one)
  const hash = hashNamed('sha2-256')
  const scheme = { padding, hash, saltLength: one.salt ?? 32 } as const
  const message = hex(one['msg'])
  const digest = createHash(hash.engine).update(message).digest()
  const ofMessage = await verifyRsa(key, message, hex(one['sig']), { ...scheme, prehashed: false })
  const ofHash = await verifyRsa(key, digest, hex(one['sig']), { ...scheme, prehashed: true })
  assert.equal(ofHash, ofMessage)
  if (one.ok !== 'acceptable') assert.equal(ofMessage, one.ok === 'valid')
}

suite('RFC 8032, 7.1', () => {
  for (const [seed, publicKey, message, signature] of [
    [
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
  ] as const) {
    test(`message ${message === '' ? 'of no bytes' : message}`, async () => {
      const pair = ed25519Pair(hex(seed))
      assert.equal(Buffer.from(publicIn(pair)).toString('hex'), publicKey)
      assert.equal((await signEdwards(pair, hex(message))).toString('hex'), signature)
    })
  }
})

suite('RFC 4231', () => {
  for (const [key, data, sha256, sha512] of [
    [
      '0b'.repeat(20),
      Buffer.from('Hi There').toString('hex'),
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
      '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854',
    ],
    [
      'aa'.repeat(131),
      Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First').toString('hex'),
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
      '80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598',
    ],
  ] as const) {
    test(`key of ${key.length / 2} bytes`, async () => {
      const version = hmacVersion(hex(key))
      assert.equal(
        await hmacText(version, hashNamed('sha2-256'), hex(data)),
        `vault:v1:${hex(sha256).toString('base64')}`,
      )
      assert.equal(
        await hmacText(version, hashNamed('sha2-512'), hex(data)),
        `vault:v1:${hex(sha512).toString('base64')}`,
      )
    })
  }
})

function hmacVersion(secret: Uint8Array): LoadedVersion {
  const stored = {
    createdAt: 0,
    secret,
    publicKey: undefined,
    hmacKey: undefined,
    convergentVersion: 0,
    certificateChain: [],
  }
  return new LoadedVersion({ ...newKey('k', { type: typeOf('hmac') }), latestVersion: 1 }, 1, stored)
}

suite('HKDF', () => {
  test('RFC 5869, test case 3', () => {
    const out = hkdfExpand(hkdfExtract(Buffer.alloc(22, 0x0b)), Buffer.alloc(0), 42)
    const expected = '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8'
    assert.equal(out.toString('hex'), expected)
  })

  test('is that of Node.js where that goes', () => {
    const bytes = (maxLength: number) => fc.uint8Array({ minLength: 1, maxLength })
    fc.assert(
      fc.property(bytes(80), bytes(1024), fc.integer({ min: 1, max: 200 }), (key, context, length) => {
        const theirs = Buffer.from(hkdfSync('sha256', key, new Uint8Array(0), context, length))
        assert.deepEqual(hkdfExpand(hkdfExtract(key), context, length), theirs)
      }),
    )
  })
})

test('what is sealed with any type opens to what it was', async () => {
  const bytes = fc.uint8Array({ maxLength: 600 })
  for (const name of ['aes128-gcm96', 'aes256-gcm96', 'chacha20-poly1305', 'xchacha20-poly1305']) {
    const type = typeOf(name)
    const keyBytes = Buffer.alloc(type.keyBytes, 7)
    const key = { object: keyBytes, bytes: keyBytes }
    const whole = async (plaintext: Uint8Array, associated: Uint8Array | undefined) => {
      const sealed = await seal(type, key, plaintext, { associated, nonceKey: undefined })
      assert.deepEqual(await open(type, key, sealed, associated), Buffer.from(plaintext))
      const at = sealed.length - 1
      sealed[at] = (sealed[at] ?? 0) ^ 1
      await assert.rejects(open(type, key, sealed, associated))
    }
    await fc.assert(
      fc.asyncProperty(bytes, fc.option(fc.uint8Array({ minLength: 1 })), (plaintext, associated) =>
        whole(plaintext, associated ?? undefined),
      ),
    )
    await whole(randomBytes((9 << 20) + 5), Buffer.from('bound'))
  }
})
