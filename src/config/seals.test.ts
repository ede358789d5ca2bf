import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { ConfigError, loadConfig } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'coffer-seals-'))
after(() => rmSync(folder, { recursive: true }))
let count = 0

function file(text: string | Uint8Array): string {
  const path = join(folder, `${count++}.hcl`)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

const head = 'storage "inmem" {}\nlistener "tcp" {\n  tls_disable = true\n}\n'

function load(text: string, environment: Readonly<Record<string, string>> = {}) {
  return loadConfig([file(head + text)], (name) => environment[name])
}

function sealOf(text: string, environment: Readonly<Record<string, string>> = {}) {
  const [seal] = load(text, environment).config.seals
  assert.ok(seal !== undefined)
  return seal
}

/** Without the file's name. */
function problemsOf(text: string, environment: Readonly<Record<string, string>> = {}): readonly string[] {
  try {
    load(text, environment)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems.map(({ line, column, message }) => `${line}:${column}: ${message}`)
  }
  return []
}

const KEY = Buffer.alloc(32, 0xcd)

describe('the key of a static seal', () => {
  const keyIn = (value: string) => {
    const seal = sealOf(`seal "static" {\n current_key_id = "a"\n current_key = "${value}"\n}`)
    assert.ok(seal.type === 'static' && seal.currentKey !== undefined)
    using key = seal.currentKey.open()
    return Buffer.from(key.bytes).toString('hex')
  }

  it('is read wherever it stands, in every form', () => {
    process.env['COFFER_TEST_STATIC_KEY'] = KEY.toString('base64')
    const path = file(KEY)
    for (const value of [
      KEY.toString('hex'),
      KEY.toString('base64'),
      'env://COFFER_TEST_STATIC_KEY',
      `file://${path}`,
      path,
      `file://${file(`${KEY.toString('base64')}\n`)}`,
      `file://${file(KEY.toString('hex').toUpperCase())}`,
    ])
      assert.equal(keyIn(value), KEY.toString('hex'), value)
    // Base64 that looks like a path.
    const slashes = Buffer.alloc(32, 0xff)
    assert.equal(keyIn(slashes.toString('base64')), slashes.toString('hex'))
  })

  it('is refused with its place where it is none, and never shown', () => {
    const short = file(Buffer.alloc(31, 0x41))
    for (const [value, sentence] of [
      ['canary', 'current_key: it is not a key of 32 bytes in base64 or hexadecimal'],
      [`${KEY.toString('hex')}00`, 'current_key: it is not a key of 32 bytes in base64 or hexadecimal'],
      ['env://COFFER_TEST_ABSENT', 'current_key: the environment has no variable COFFER_TEST_ABSENT'],
      ['file:///nowhere/key', 'current_key: /nowhere/key cannot be read (ENOENT)'],
      [`file://${folder}`, `current_key: ${folder} is not a file of at most 4096 bytes`],
      [short, `current_key: ${short} is not a key of 32 bytes in base64 or hexadecimal`],
    ] as const) {
      const problems = problemsOf(`seal "static" {\n current_key_id = "a"\n current_key = "${value}"\n}`)
      assert.equal(problems[0], `7:16: ${sentence}`)
      assert.doesNotMatch(problems.join(), /canary|cdcd|AAAA/)
    }
  })

  it('is told of when others can read its file', () => {
    const path = file(KEY)
    chmodSync(path, 0o644)
    const { exposures } = load(`seal "static" {\n current_key_id = "a"\n current_key = "${path}"\n}`)
    assert.deepEqual(
      exposures.map((one) => [one.file, one.message]),
      [[path, 'other users of this machine can read this secret: chmod 600']],
    )
  })
})

describe('seals in the configuration', () => {
  it('need what they cannot do without, and say where else it may stand', () => {
    assert.deepEqual(problemsOf('seal "transit" {}\n'), [
      '5:1: seal "transit" needs address, or VAULT_TRANSIT_SEAL_ADDR or VAULT_ADDR in the environment',
      '5:1: seal "transit" needs token, or VAULT_TRANSIT_SEAL_TOKEN or VAULT_TOKEN in the environment',
      '5:1: seal "transit" needs key_name, or VAULT_TRANSIT_SEAL_KEY_NAME in the environment',
    ])
    assert.deepEqual(problemsOf('seal "static" {\n current_key_id = "a"\n}'), ['5:1: seal "static" needs current_key'])
    const empty = 'seal "transit" {\n address = "https://a"\n token = ""\n key_name = "k"\n}'
    assert.match(problemsOf(empty).join(), /needs token/)
    assert.deepEqual(problemsOf('seal "pkcs11" {\n lib = "/l.so"\n pin = "canary"\n}'), [
      '5:1: seal "pkcs11" needs slot or token_label, or VAULT_HSM_SLOT or VAULT_HSM_TOKEN_LABEL in the environment',
      '5:1: seal "pkcs11" needs key_label or key_id, or VAULT_HSM_KEY_LABEL or VAULT_HSM_KEY_ID in the environment',
    ])
    assert.match(problemsOf('seal "awskms" {\n kms_key_id = "k"\n access_key = "a"\n}')[0] ?? '', /go together/)
    assert.match(problemsOf('seal "azurekeyvault" {\n key_name = "k"\n}')[0] ?? '', /needs vault_name/)
    assert.match(problemsOf('seal "gcpckms" {\n key_rings = "k"\n}').join('\n'), /did you mean "key_ring"/)
  })

  it('are completed by the environment, which counts over the file as in Vault', () => {
    const stanza = 'seal "transit" {\n address = "https://a"\n token = "t"\n key_name = "k"\n}'
    const environment = {
      VAULT_ADDR: 'https://elsewhere',
      VAULT_TOKEN: 'other',
      VAULT_TRANSIT_SEAL_KEY_NAME: 'k2',
      VAULT_TRANSIT_SEAL_DISABLE_RENEWAL: 'true',
      VAULT_SKIP_VERIFY: '0',
    }
    const seal = sealOf(stanza, environment)
    assert.ok(seal.type === 'transit')
    assert.deepEqual(
      [seal.address, seal.token, seal.keyName, seal.mountPath, seal.disableRenewal, seal.tlsSkipVerify],
      ['https://a', 't', 'k2', 'transit/', true, false],
    )
    const bare = sealOf('seal "transit" {}', environment)
    assert.ok(bare.type === 'transit')
    assert.deepEqual([bare.address, bare.token], ['https://elsewhere', 'other'])
    const own = sealOf(stanza, { VAULT_TRANSIT_SEAL_ADDR: 'https://own' })
    assert.ok(own.type === 'transit' && own.address === 'https://own')
    assert.match(problemsOf(stanza, { VAULT_TRANSIT_SEAL_DISABLE_RENEWAL: 'perhaps' })[0] ?? '', /takes true or false/)
  })

  it('take the variables that the clouds and the HSM are known by', () => {
    const aws = sealOf('seal "awskms" {\n region = "x"\n}', { AWS_REGION: 'eu-1', VAULT_AWSKMS_SEAL_KEY_ID: 'k' })
    assert.ok(aws.type === 'awskms' && aws.region === 'eu-1' && aws.kmsKeyId === 'k')
    const azure = sealOf('seal "azurekeyvault" {}', {
      AZURE_TENANT_ID: 't',
      AZURE_ENVIRONMENT: 'AZURECHINACLOUD',
      VAULT_AZUREKEYVAULT_VAULT_NAME: 'v',
      VAULT_AZUREKEYVAULT_KEY_NAME: 'k',
    })
    assert.ok(azure.type === 'azurekeyvault' && azure.tenantId === 't' && azure.environment === 'azurechinacloud')
    const google = sealOf('seal "gcpckms" {\n credentials = "/c.json"\n}', {
      GOOGLE_CREDENTIALS: '/other.json',
      GOOGLE_PROJECT: 'p',
      GOOGLE_REGION: 'global',
      VAULT_GCPCKMS_SEAL_KEY_RING: 'r',
      VAULT_GCPCKMS_SEAL_CRYPTO_KEY: 'k',
    })
    assert.ok(google.type === 'gcpckms' && google.credentials === '/c.json' && google.keyRing === 'r')
    const hsm = sealOf('seal "pkcs11" {\n mechanism = "0x0009"\n}', {
      VAULT_HSM_LIB: '/l.so',
      VAULT_HSM_SLOT: '0x2',
      VAULT_HSM_PIN: '1234',
      VAULT_HSM_KEY_LABEL: 'k',
    })
    assert.ok(hsm.type === 'pkcs11' && hsm.mechanism === 'ckm_rsa_pkcs_oaep' && hsm.pin === '1234')
  })

  it('are two at most: the one in use and the one that the vault is moved from', () => {
    const stanza = (id: string, more = '') =>
      `seal "static" {\n current_key_id = "${id}"\n current_key = "${KEY.toString('hex')}"\n ${more}\n}\n`
    const { config } = load(stanza('a', 'disabled = "true"') + stanza('b'))
    assert.deepEqual(
      config.seals.map((seal) => seal.disabled),
      [true, false],
    )
    assert.deepEqual(problemsOf(stanza('a') + stanza('b')), ['10:1: there is another seal that is not disabled'])
    const disabled = 'disabled = true'
    assert.deepEqual(problemsOf(stanza('a', disabled) + stanza('b', disabled)), [
      '10:1: there is another seal that is disabled',
    ])
    assert.deepEqual(problemsOf('seal "shamir" {\n disabled = true\n}'), [
      '5:1: a Shamir seal is not disabled: its stanza is left out',
    ])
    assert.match(problemsOf(stanza('a', 'previous_key_id = "b"'))[0] ?? '', /go together/)
    const same = `previous_key_id = "a"\n previous_key = "${KEY.toString('hex')}"`
    assert.match(problemsOf(stanza('a', same))[0] ?? '', /names another key/)
  })

  it('leaves a disabled seal what its file says, whatever the environment says of the other', () => {
    const stanza = (key: string, more = '') => `seal "awskms" {\n kms_key_id = "${key}"\n ${more}\n}\n`
    const { config } = load(stanza('old', 'disabled = true') + stanza('new'), { VAULT_AWSKMS_SEAL_KEY_ID: 'env' })
    assert.deepEqual(
      config.seals.map((seal) => seal.type === 'awskms' && seal.kmsKeyId),
      ['old', 'env'],
    )
  })
})
