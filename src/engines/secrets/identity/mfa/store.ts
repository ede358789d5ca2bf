/**
 * Where second factors stand in the storage of `identity/`: methods and their names, what demands them, the keys of entities, what was
 * tried with them, and the log-ins that wait.
 */
import { collection, f, type Infer } from '#framework'
import { algorithms } from '../../../../lib/otp/codes.ts'
import type { AuthGrant } from '../../../../request/reply.ts'
import type { Field } from '#framework'

export const methodTypes = ['totp', 'duo', 'okta', 'pingid'] as const
export type MethodType = (typeof methodTypes)[number]

const code = { period: f.int(), algorithm: f.enum(algorithms), digits: f.int(), skew: f.int() }

const totpSettings = {
  ...code,
  issuer: f.string(),
  key_size: f.int(),
  qr_size: f.int(),
  max_validation_attempts: f.int(),
}
const duoSettings = {
  secret_key: f.string(),
  integration_key: f.string(),
  api_hostname: f.string(),
  push_info: f.string(),
  use_passcode: f.bool(),
}
const oktaSettings = {
  org_name: f.string(),
  api_token: f.string(),
  /** Empty where the older `production` was said instead. */
  base_url: f.string(),
  production: f.bool(),
  primary_email: f.bool(),
}
const pingIdSettings = {
  use_base64_key: f.string(),
  use_signature: f.bool(),
  token: f.string(),
  idp_url: f.string(),
  org_alias: f.string(),
  admin_url: f.string(),
  authenticator_url: f.string(),
}

/** What is kept of a method, whichever paths it was made by. */
export const methodRecord = {
  id: f.string(),
  type: f.enum(methodTypes),
  /** Empty for none. */
  name: f.string(),
  namespace: f.string(),
  username_format: f.string(),
  /** Of these the one that the type names. */
  totp: f.object(totpSettings).optional(),
  duo: f.object(duoSettings).optional(),
  okta: f.object(oktaSettings).optional(),
  pingid: f.object(pingIdSettings).optional(),
}

export type StoredMethod = Infer<typeof methodRecord>
export type TotpSettings = Infer<typeof totpSettings>
export type DuoSettings = Infer<typeof duoSettings>
export type OktaSettings = Infer<typeof oktaSettings>
export type PingIdSettings = Infer<typeof pingIdSettings>

const enforcement = {
  id: f.string(),
  namespace: f.string(),
  name: f.string(),
  methods: f.list(),
  accessors: f.list(),
  types: f.list(),
  groups: f.list(),
  entities: f.list(),
}
export type StoredEnforcement = Infer<typeof enforcement>

/** As it was when the key was made: a method that changes later leaves the telephones alone. */
const totpSecret = { ...code, key: f.string() }
export type StoredSecret = Infer<typeof totpSecret>

const tries = {
  /** Codes that were good, until nobody could take them again; ms. */
  used: f.array(f.object({ code: f.string(), until: f.int() })),
  /** How many codes were tried since a good one, until when these count. */
  attempts: f.int(),
  until: f.int(),
}
export type StoredTries = Infer<typeof tries>

/** Every member of a grant, so that none is forgotten while it waits: one that is added there does not compile here. */
const grant = {
  displayName: f.string(),
  role: f.string().optional(),
  policies: f.list(),
  noDefaultPolicy: f.bool().optional(),
  meta: f.pairs().optional(),
  type: f.enum(['service', 'batch', 'default']).optional(),
  ttl: f.int().optional(),
  maxTtl: f.int().optional(),
  explicitMaxTtl: f.int().optional(),
  period: f.int().optional(),
  renewable: f.bool().optional(),
  numUses: f.int().optional(),
  boundCidrs: f.list().optional(),
  orphan: f.bool().optional(),
  alias: f.object({ name: f.string(), metadata: f.pairs().optional() }).optional(),
  groupAliases: f.list().optional(),
  internal: f.pairs().optional(),
} satisfies { readonly [K in keyof Required<AuthGrant>]: Field<unknown> }

const waiting = {
  grant: f.object(grant),
  /** Of the auth method. */
  mount: f.string(),
  path: f.string(),
  namespace: f.string(),
  namespace_path: f.string(),
  address: f.string(),
  entity: f.string(),
  /** Wall clock, ms. */
  until: f.int(),
}
export type StoredWaiting = Infer<typeof waiting>
export type StoredGrant = StoredWaiting['grant']

const reference = { id: f.string() }

export const methods = collection('mfa/method/{id}', methodRecord)
export const methodNames = collection('mfa/method-name/{namespace}/{key}', reference)
export const enforcements = collection('mfa/enforcement/{namespace}/{name}', enforcement)
export const totpSecrets = collection('mfa/secret/{entity}/{method}', totpSecret)
export const totpTries = collection('mfa/tried/{entity}/{method}', tries)
/** By the hash of the id that the client was told: who reads the storage learns no id. */
export const waitingLogins = collection('mfa/waiting/{hash}', waiting)
