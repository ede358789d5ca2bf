/** What is stored for identity tokens and the provider; the only place that spells the keys. */
import { createHash } from 'node:crypto'
import { collection, f, type Infer, type ReadView, type WriteView } from '#framework'
import { algorithmNames } from './algorithms.ts'
import { named, type Named } from './named.ts'
import { DEFAULT_KEY, defaultKey, type NamedKey } from './named-key.ts'

const publicJwk = {
  kid: f.string(),
  alg: f.enum(algorithmNames),
  parameters: f.pairs(),
}

const storedKeys = collection('oidc/key/{name}', {
  algorithm: f.enum(algorithmNames),
  rotationPeriod: f.int(),
  verificationTtl: f.int(),
  allowedClientIds: f.list(),
  nextRotation: f.int(),
  ring: f.array(f.object({ jwk: f.object(publicJwk), expiresAt: f.int().optional() })),
})

const pair = f.object({ public: f.object(publicJwk), privateKey: f.string() })
/** The private halves. */
export const signingPairs = collection('oidc/signing/{name}', { current: pair, next: pair })

const namedKeys = named<NamedKey>(storedKeys, { name: DEFAULT_KEY, value: defaultKey })

/** Gone with its private halves. */
export const keys: Named<NamedKey> = {
  ...namedKeys,
  delete: (view, name) => {
    namedKeys.delete(view, name)
    signingPairs.delete(view, { name })
  },
}

const roleFields = { key: f.string(), template: f.string(), ttl: f.int(), clientId: f.string() }
export type Role = Infer<typeof roleFields>
export const roles = named(collection('oidc/role/{name}', roleFields))

const assignmentFields = { entityIds: f.list(), groupIds: f.list() }
export type Assignment = Infer<typeof assignmentFields>

export const ALLOW_ALL = 'allow_all'
const allowAll: Assignment = Object.freeze({ entityIds: ['*'], groupIds: ['*'] })

/** The one that lets everybody in is changed by nobody. */
export const assignments = named(collection('oidc/assignment/{name}', assignmentFields), {
  name: ALLOW_ALL,
  value: allowAll,
})

const scopeFields = { template: f.string(), description: f.string() }
export type Scope = Infer<typeof scopeFields>
export const scopes = named(collection('oidc/scope/{name}', scopeFields))

const providerFields = { issuer: f.string(), allowedClientIds: f.list(), scopesSupported: f.list() }
export type Provider = Infer<typeof providerFields>

export const DEFAULT_PROVIDER = 'default'
const defaultProvider: Provider = Object.freeze({ issuer: '', allowedClientIds: ['*'], scopesSupported: [] })

/** The default one can be changed and not deleted. */
export const providers = named(collection('oidc/provider/{name}', providerFields), {
  name: DEFAULT_PROVIDER,
  value: defaultProvider,
})

const clientFields = {
  redirectUris: f.list(),
  assignments: f.list(),
  key: f.string(),
  idTokenTtl: f.int(),
  accessTokenTtl: f.int(),
  type: f.enum(['confidential', 'public']),
  clientId: f.string(),
  /** Empty for a public client. */
  clientSecret: f.string(),
}
export type Client = Infer<typeof clientFields>
const namedClients = named(collection('oidc/client/{name}', clientFields))
const clientNames = collection('oidc/client-id/{clientId}', { name: f.string() })

export const clients = {
  ...namedClients,
  byId: async (view: ReadView, clientId: string): Promise<Client | undefined> => {
    // What a client sent: it may be no key at all.
    if (!/^\w+$/.test(clientId)) return undefined
    const found = await clientNames.get(view, { clientId })
    return found && namedClients.get(view, found.name)
  },
  put: (view: WriteView, name: string, client: Client): void => {
    namedClients.put(view, name, client)
    clientNames.put(view, { clientId: client.clientId }, { name })
  },
  delete: async (view: WriteView, name: string): Promise<void> => {
    const client = await namedClients.get(view, name)
    if (client === undefined) return
    namedClients.delete(view, name)
    clientNames.delete(view, { clientId: client.clientId })
  },
}

const codeFields = {
  provider: f.string(),
  clientId: f.string(),
  entityId: f.string(),
  redirectUri: f.string(),
  nonce: f.string(),
  scopes: f.list(),
  /** Seconds since 1970; 0 where nobody asked when the holder logged in. */
  authTime: f.int(),
  /** Undefined where none was sent. */
  challenge: f.object({ challenge: f.string(), method: f.enum(['plain', 'S256']) }).optional(),
  /** Wall clock, ms. */
  expiresAt: f.int(),
}
/** An authorization code that was given out and not redeemed. */
export type Code = Infer<typeof codeFields>
const storedCodes = collection('oidc/code/{hash}', codeFields)

/** A code itself is stored nowhere. */
export const codes = {
  get: (view: ReadView, code: string): Promise<Code | undefined> => storedCodes.get(view, { hash: hashOf(code) }),
  put: (view: WriteView, code: string, value: Code): void => storedCodes.put(view, { hash: hashOf(code) }, value),
  delete: (view: WriteView, code: string): void => storedCodes.delete(view, { hash: hashOf(code) }),
  hashes: (view: ReadView): Promise<readonly string[]> => storedCodes.list(view),
  byHash: (view: ReadView, hash: string): Promise<Code | undefined> => storedCodes.get(view, { hash }),
  deleteHash: (view: WriteView, hash: string): void => storedCodes.delete(view, { hash }),
}

const configuration = collection('oidc/config', { issuer: f.string() })
const address = collection('oidc/address', { address: f.string() })

/** The issuer's address as configured; empty where it was not. */
export const issuers = {
  get: async (view: ReadView): Promise<string> => (await configuration.get(view, {}))?.issuer ?? '',
  put: (view: WriteView, issuer: string): void => configuration.put(view, {}, { issuer }),
}

/** Where the leader answers clients: written by himself, so that every node and every thread names the same issuer. */
export const leaderAddress = {
  get: async (view: ReadView): Promise<string | undefined> => (await address.get(view, {}))?.address,
  put: (view: WriteView, value: string): void => address.put(view, {}, { address: value }),
}

function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('hex')
}
