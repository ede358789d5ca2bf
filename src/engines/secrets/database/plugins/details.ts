/** Members of a connection's configuration that several plugins share, read with Vault's loose coercions. */
import { CofferError, f, parseFields, RawJson, type Fields, type Infer } from '#framework'
import type { Clock } from '../../../../lib/clock.ts'
import { DetailsError, type Details } from './plugin.ts'

export const loginFields = {
  username: f.string().default(''),
  password: f.string().default(''),
} as const

export const poolFields = {
  max_open_connections: f.int().default(0),
  max_idle_connections: f.int().default(0),
  max_connection_lifetime: f.signedDuration().default(0),
} as const

/** As in Vault: four, unless it says otherwise. More than this is refused rather than tried. */
const DEFAULT_OPEN = 4
const MOST_OPEN = 200

/** Throws `DetailsError`. */
export function readDetails<const F extends Fields>(fields: F, details: Details): Infer<F> {
  try {
    return parseFields(
      fields,
      new Map([...details].map(([name, value]) => [name, new RawJson(JSON.stringify(value))] as const)),
    )
  } catch (error) {
    throw error instanceof CofferError ? new DetailsError(error.message) : error
  }
}

/** How large a pool of connections is to be. */
export function poolSize(details: Infer<typeof poolFields>, clock: Clock) {
  const { max_open_connections: open, max_idle_connections: idle, max_connection_lifetime: lifetime } = details
  if (open < 0 || open > MOST_OPEN)
    throw new DetailsError(`max_open_connections takes a whole number from 0 to ${MOST_OPEN}`)
  if (lifetime < 0) throw new DetailsError('max_connection_lifetime takes a duration that is not negative')
  const maxOpen = open === 0 ? DEFAULT_OPEN : open
  return {
    clock,
    maxOpen,
    maxIdle: idle === 0 ? maxOpen : Math.min(Math.max(idle, 0), maxOpen),
    lifetime: lifetime * 1000,
  }
}

/** Puts user and password in the place of `{{username}}` and `{{password}}`. Throws `DetailsError`. */
export function filledUrl(
  template: string,
  login: { readonly username: string; readonly password: string },
  escape: (text: string) => string,
): string {
  if (template === '') throw new DetailsError('connection_url cannot be empty')
  if (/\{\{(?:username|password)\}\}/.test(`${login.username}\n${login.password}`))
    throw new DetailsError('username and/or password cannot contain the template variables')
  return template.replace(/\{\{(username|password)\}\}/g, (_, name: string) =>
    escape(name === 'username' ? login.username : login.password),
  )
}
