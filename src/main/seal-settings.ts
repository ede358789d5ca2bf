/** From the stanzas of seals to the seals themselves. */
import type { KeyMaterial, SealStanza, SealStanzaOf } from '../config/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger, Metrics } from '../lib/observe/index.ts'
import { AutoSeal } from '../seal/auto/auto-seal.ts'
import { AwsKmsService, type AwsKmsOptions } from '../seal/auto/awskms.ts'
import { AzureKeyVaultService, type AzureKeyVaultOptions } from '../seal/auto/azurekeyvault.ts'
import { GcpCkmsService } from '../seal/auto/gcpckms.ts'
import type { KeyService } from '../seal/auto/key-service.ts'
import { Pkcs11Service, type Pkcs11Options } from '../seal/auto/pkcs11.ts'
import { type StaticKey, StaticService } from '../seal/auto/static.ts'
import { TransitService, type TransitOptions } from '../seal/auto/transit.ts'
import type { ConfiguredSeals, Seal } from '../seal/seal.ts'
import { ShamirSeal } from '../seal/shamir-seal.ts'

export interface SealDeps {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** An HSM may be told to make its key, where the configuration says so. */
  readonly mayMakeKeys: boolean
}

export interface SealSettings {
  readonly type: string
  /** The vault is moved away from it. */
  readonly disabled: boolean
  make(deps: SealDeps): Seal
}

export function sealOf(stanza: SealStanza): SealSettings {
  const { type, disabled } = stanza
  if (stanza.type === 'shamir') return { type, disabled, make: () => new ShamirSeal() }
  const service = serviceOf(stanza)
  return { type, disabled, make: (deps) => new AutoSeal(service(deps), deps) }
}

/** Files that a seal reads or loads: nothing else may write there. */
export function filesOf(stanza: SealStanza): readonly (string | undefined)[] {
  const given = (path: string) => (path === '' ? undefined : path)
  switch (stanza.type) {
    case 'static':
      return [stanza.currentKey?.file, stanza.previousKey?.file]
    case 'transit':
      return [given(stanza.tlsCaCert), given(stanza.tlsClientCert), given(stanza.tlsClientKey)]
    case 'gcpckms':
      return [given(stanza.credentials)]
    case 'pkcs11':
      return [given(stanza.lib)]
    default:
      return []
  }
}

/** The seal in use, Shamir's if there is none, and the one that is not any more. */
export function makeSeals(settings: readonly SealSettings[], deps: SealDeps): ConfiguredSeals {
  const seal = settings.find(({ disabled }) => !disabled)?.make(deps) ?? new ShamirSeal()
  const retired = settings.find(({ disabled }) => disabled)?.make(deps)
  return retired === undefined ? { seal } : { seal, retired }
}

type AutoStanza = Exclude<SealStanza, { readonly type: 'shamir' }>

/** Names each key of the stanza: one that is named nowhere has no effect, and a test finds it. */
function serviceOf(stanza: AutoStanza): (deps: SealDeps) => KeyService {
  switch (stanza.type) {
    case 'static': {
      const current = keyOf(stanza.currentKeyId, stanza.currentKey)
      const previous = stanza.previousKey && keyOf(stanza.previousKeyId, stanza.previousKey)
      return () => new StaticService(current, previous)
    }
    case 'transit': {
      const options = transitOf(stanza)
      return (deps) => new TransitService(options, deps)
    }
    case 'awskms': {
      const options = awskmsOf(stanza)
      return () => new AwsKmsService(options)
    }
    case 'azurekeyvault': {
      const options = azureOf(stanza)
      return () => new AzureKeyVaultService(options)
    }
    case 'gcpckms': {
      const { credentials, project, region, keyRing, cryptoKey, endpoint } = stanza
      return () => new GcpCkmsService({ credentials, project, region, keyRing, cryptoKey, endpoint })
    }
    case 'pkcs11': {
      const options = pkcs11Of(stanza)
      return ({ mayMakeKeys }) => new Pkcs11Service({ ...options, generateKey: options.generateKey && mayMakeKeys })
    }
  }
}

function keyOf(id: string, material: KeyMaterial | undefined): StaticKey {
  // The configuration's own checks refused a stanza without it.
  if (material === undefined) throw new Error('the seal has no key')
  return { id, open: () => material.open() }
}

function transitOf(stanza: SealStanzaOf<'transit'>): TransitOptions {
  const { tlsCaCert, tlsClientCert, tlsClientKey, tlsServerName } = stanza
  return {
    address: stanza.address,
    token: stanza.token,
    keyName: stanza.keyName,
    mountPath: stanza.mountPath,
    namespace: stanza.namespace,
    disableRenewal: stanza.disableRenewal,
    skipVerify: stanza.tlsSkipVerify,
    ...(tlsCaCert === '' ? {} : { caFile: tlsCaCert }),
    ...(tlsClientCert === '' ? {} : { certFile: tlsClientCert }),
    ...(tlsClientKey === '' ? {} : { keyFile: tlsClientKey }),
    ...(tlsServerName === '' ? {} : { serverName: tlsServerName }),
  }
}

function awskmsOf(stanza: SealStanzaOf<'awskms'>): AwsKmsOptions {
  const { region, kmsKeyId, accessKey, secretKey, sessionToken, endpoint } = stanza
  const session = sessionToken === '' ? {} : { sessionToken }
  const credentials = accessKey === '' ? undefined : { accessKeyId: accessKey, secretAccessKey: secretKey, ...session }
  return { region, keyId: kmsKeyId, credentials, endpoint }
}

function azureOf(stanza: SealStanzaOf<'azurekeyvault'>): AzureKeyVaultOptions {
  const { tenantId, clientId, clientSecret, environment, vaultName, keyName, resource, endpoint } = stanza
  return { tenantId, clientId, clientSecret, cloud: environment, vaultName, keyName, resource, endpoint }
}

function pkcs11Of(stanza: SealStanzaOf<'pkcs11'>): Pkcs11Options {
  const { lib, slot, tokenLabel, pin, keyLabel, keyId, mechanism, rsaOaepHash, generateKey } = stanza
  return { lib, slot, tokenLabel, pin, keyLabel, keyId, mechanism, oaepHash: rsaOaepHash, generateKey }
}
