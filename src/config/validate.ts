/** What no key alone can tell. */
import { checkInitialize } from './initialize.ts'
import type { Placed, AuditStanza, ListenerStanza, LockoutStanza, SealStanza, Stanzas, TcpListener } from './stanzas.ts'

export function checkStanzas(stanzas: Stanzas): void {
  for (const listener of stanzas.listeners) checkListener(listener)
  checkUnique(stanzas.listeners, ({ address }) => address, 'listener with the address')
  checkUnique(stanzas.audits, ({ path }) => path, 'audit device with the path')
  checkUnique(stanzas.lockouts, ({ type }) => type, 'user_lockout for')
  for (const audit of stanzas.audits) checkAudit(audit)
  checkSeals(stanzas.seals)
  for (const lockout of stanzas.lockouts) checkLockout(lockout)
  checkInitialize(stanzas.initializes)
  const [first] = stanzas.initializes
  if (first !== undefined && !stanzas.seals.some(({ value }) => value.type !== 'shamir' && !value.disabled))
    first.findings.problem(
      first.at,
      'initialize needs a seal that opens by itself, such as seal "static": there would be nobody to keep the shares of a Shamir seal',
    )
}

function checkUnique<T>(stanzas: readonly Placed<T>[], keyOf: (value: T) => string, what: string): void {
  const seen = new Set<string>()
  for (const { value, at, findings } of stanzas) {
    const key = keyOf(value)
    if (seen.has(key)) findings.problem(at, `there is another ${what} "${key}"`)
    seen.add(key)
  }
}

function checkListener({ value, at, findings }: Placed<ListenerStanza>): void {
  if (value.httpReadTimeout < value.httpReadHeaderTimeout) {
    findings.problem(
      at,
      'http_read_timeout is for the whole request: it cannot be shorter than http_read_header_timeout',
    )
  }
  if (value.type === 'unix') return
  if (!isAddress(value.address))
    findings.problem(at, 'address takes a host and a port such as "127.0.0.1:8200" or "[::]:8200"')
  checkTls(value, (message) => findings.problem(at, message))
  if (
    value.proxyProtocolBehavior !== '' &&
    value.proxyProtocolBehavior !== 'use_always' &&
    value.proxyProtocolAuthorizedAddrs.length === 0
  ) {
    findings.problem(
      at,
      `proxy_protocol_behavior = "${value.proxyProtocolBehavior}" needs proxy_protocol_authorized_addrs`,
    )
  }
}

function checkTls(listener: TcpListener, problem: (message: string) => void): void {
  if (!listener.tlsDisable && (listener.tlsCertFile === undefined || listener.tlsKeyFile === undefined)) {
    problem('a listener needs tls_cert_file and tls_key_file, or tls_disable = true')
  }
  if (listener.tlsMinVersion > listener.tlsMaxVersion) problem('tls_min_version is above tls_max_version')
  if (!listener.tlsRequireAndVerifyClientCert) return
  if (listener.tlsDisable) problem('tls_require_and_verify_client_cert cannot be met with tls_disable')
  if (listener.tlsDisableClientCerts)
    problem('tls_require_and_verify_client_cert and tls_disable_client_certs exclude each other')
}

/** As Go writes it. */
function isAddress(text: string): boolean {
  const [, port = ''] = /^(?:\[[0-9a-fA-F:.%]+\]|[^:[\]\s/]*):(\d{1,5})$/.exec(text) ?? []
  return port !== '' && Number(port) <= 65_535
}

function checkAudit({ value: { type, path, options }, at, findings }: Placed<AuditStanza>): void {
  const needed = AUDIT_NEEDS.get(type)
  if (needed !== undefined && !options.has(needed) && !(type === 'file' && options.has('path')))
    findings.problem(at, `audit "${type}" "${path.slice(0, -1)}" needs ${needed} in its options`)
}

/** The option without which a device goes nowhere. */
const AUDIT_NEEDS = new Map([
  ['file', 'file_path'],
  ['socket', 'address'],
  ['http', 'uri'],
])

/** One that is in use and, during a migration, one that is not any more. */
function checkSeals(seals: readonly Placed<SealStanza>[]): void {
  let inUse = 0
  let disabled = 0
  for (const { value, at, findings } of seals) {
    const count = value.disabled ? ++disabled : ++inUse
    if (count > 1) findings.problem(at, `there is another seal that is ${value.disabled ? '' : 'not '}disabled`)
    checkSeal(value, (message) => findings.problem(at, message))
  }
}

function checkSeal(seal: SealStanza, problem: (message: string) => void): void {
  if (seal.type === 'shamir' && seal.disabled) problem('a Shamir seal is not disabled: its stanza is left out')
  if (seal.type === 'static' && (seal.previousKey === undefined) !== (seal.previousKeyId === ''))
    problem('previous_key and previous_key_id go together')
  if (seal.type === 'static' && seal.previousKeyId !== '' && seal.previousKeyId === seal.currentKeyId)
    problem('previous_key_id names another key than current_key_id')
  if (seal.type === 'awskms' && (seal.accessKey === '') !== (seal.secretKey === ''))
    problem('access_key and secret_key go together')
  if (seal.type === 'azurekeyvault' && seal.vaultName === '' && seal.endpoint === '')
    problem('seal "azurekeyvault" needs vault_name, or VAULT_AZUREKEYVAULT_VAULT_NAME in the environment')
  if (seal.type === 'pkcs11' && seal.slot === '' && seal.tokenLabel === '')
    problem('seal "pkcs11" needs slot or token_label, or VAULT_HSM_SLOT or VAULT_HSM_TOKEN_LABEL in the environment')
  if (seal.type === 'pkcs11' && seal.keyLabel === '' && seal.keyId === '')
    problem('seal "pkcs11" needs key_label or key_id, or VAULT_HSM_KEY_LABEL or VAULT_HSM_KEY_ID in the environment')
}

const LOCKABLE = ['all', 'userpass', 'ldap', 'approle']

function checkLockout({ value: { type }, at, findings }: Placed<LockoutStanza>): void {
  if (!LOCKABLE.includes(type))
    findings.problem(at, `user_lockout takes one of ${LOCKABLE.map((one) => `"${one}"`).join(', ')}`)
}
