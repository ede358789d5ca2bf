/** Rules about roles and connections that need nothing but what they are about. */
import { membersOf, type JsonValue, type RawJson } from '#framework'
import { parseTemplate, TemplateError, type Template, type TemplateWorld } from '../../../lib/go-template/index.ts'
import { matchGlob } from '../../../lib/glob.ts'
import { base62, uuid } from '../../../lib/secure/random.ts'
import { databaseErrors } from './errors.ts'
import { DetailsError, type CredentialType, type Details, type Plugin } from './plugins/plugin.ts'
import { plugins } from './plugins/registry.ts'
import type { Connection } from './store.ts'

/** Members of a connection's details that are never shown. */
export const SECRET_DETAILS: ReadonlySet<string> = new Set([
  'password',
  'private_key',
  'tls_certificate_key',
  'service_account_json',
])

/** `*` in the list stands for any characters. */
export function isAllowed(allowedRoles: readonly string[], role: string): boolean {
  return allowedRoles.some((pattern) => matchGlob(pattern, role))
}

export function pluginOf(name: string): Plugin {
  const found = plugins.get(name)
  if (found === undefined)
    throw databaseErrors.CREATE({ reason: `invalid database version: plugin not found in the catalog: ${name}` })
  return found
}

/** Rejects roles that the connection does not let in, and credentials that its plugin does not know. */
export function assertServes(connection: Connection, role: string, type: CredentialType): Plugin {
  if (!isAllowed(connection.allowedRoles, role)) throw databaseErrors.NOT_ALLOWED({ name: role })
  const plugin = pluginOf(connection.pluginName)
  if (!plugin.credentialTypes.has(type)) throw databaseErrors.CREDENTIAL_UNSUPPORTED({ type })
  return plugin
}

/** All that the plugin is told. */
export function detailsOf({ details, secrets }: Pick<Connection, 'details' | 'secrets'>): Details {
  return new Map([...valuesOf(details), ...valuesOf(secrets)])
}

/** The members of a JSON object. */
export function valuesOf(object: RawJson): ReadonlyMap<string, JsonValue> {
  return new Map([...(membersOf(object) ?? [])].map(([name, json]) => [name, json.value()] as const))
}

export function textOf(details: Details, name: string): string {
  const value = details.get(name)
  return typeof value === 'string' ? value : ''
}

export function isSelfManaged(connection: Connection): boolean {
  const value = valuesOf(connection.details).get('self_managed')
  return value === true || value === 'true'
}

interface Names {
  readonly displayName: string
  readonly roleName: string
}

/** A name for a new user. Throws `DATABASE_USERNAME`. */
export function usernameFor(connection: Connection, names: Names, now: number): string {
  const template = textOf(valuesOf(connection.details), 'username_template')
  return renderName(template === '' ? pluginOf(connection.pluginName).usernameTemplate : template, names, now)
}

/** Throws `DetailsError` for a template that is none, or that says something of which nothing is known. */
export function assertUsernameTemplate(details: Details): void {
  const text = textOf(details, 'username_template')
  if (text === '') return
  let template: Template
  try {
    template = parseTemplate(text)
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw new DetailsError(`unable to initialize username template: unable to parse template: ${error.message}`)
  }
  try {
    template.render(fieldsOf({ displayName: '', roleName: '' }), worldAt(0))
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw new DetailsError(`invalid username template: unable to apply template: ${error.message}`)
  }
}

/** Throws `DATABASE_USERNAME`. */
export function renderName(template: string, names: Names, now: number): string {
  try {
    const name = parseTemplate(template).render(fieldsOf(names), worldAt(now))
    if (name === '') throw databaseErrors.USERNAME({ reason: 'the name is empty' })
    return name
  } catch (error) {
    throw error instanceof TemplateError ? databaseErrors.USERNAME({ reason: error.message }) : error
  }
}

function fieldsOf({ displayName, roleName }: Names): ReadonlyMap<string, string> {
  return new Map([
    ['DisplayName', displayName],
    ['RoleName', roleName],
  ])
}

function worldAt(now: number): TemplateWorld {
  return { now, random: (length) => base62(length), uuid }
}
