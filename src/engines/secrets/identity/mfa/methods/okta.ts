import { f } from '#framework'
import { methodErrors } from '../errors.ts'
import { isHost } from './host.ts'
import { defineKind } from './kind.ts'

const USUAL_HOST = 'okta.com'

export const oktaKind = defineKind({
  type: 'okta',
  help: 'A push to a telephone, or a passcode, by Okta.',
  noun: 'okta',
  asksByName: true,
  fields: {
    org_name: f.string('Name of the organisation at Okta: the first part of its address.').default(''),
    api_token: f.string('Token of the API.').default('').sensitive(),
    base_url: f.string('The rest of that address, such as oktapreview.com; okta.com if absent.').optional(),
    primary_email: f.bool('Look users up by their primary e-mail address instead of their login.').default(false),
    production: f.bool('Use base_url instead.').optional().deprecated(),
  },
  replyFields: {
    org_name: f.string('Name of the organisation.'),
    base_url: f.string('The rest of its address.'),
    production: f.bool('Where that was said in place of base_url.'),
    mount_accessor: f.string('Empty.'),
    username_format: f.string('What the service calls somebody.'),
  },
  settings: (given) => {
    if (given.org_name === '') throw methodErrors.ORG_NAME()
    if (given.api_token === '') throw methodErrors.API_TOKEN()
    const { production, base_url: base, ...rest } = given
    const base_url = base ?? (production === undefined ? USUAL_HOST : '')
    if (!isHost(given.org_name)) throw methodErrors.BAD_HOST({ field: 'org_name' })
    if (base_url !== '' && !isHost(base_url)) throw methodErrors.BAD_HOST({ field: 'base_url' })
    return { okta: { ...rest, base_url, production: production ?? true } }
  },
  shown: ({ okta, username_format }) => ({
    org_name: okta?.org_name ?? '',
    ...(okta?.base_url ? { base_url: okta.base_url } : { production: okta?.production ?? true }),
    mount_accessor: '',
    username_format,
  }),
})

/** `https://acme.okta.com`. */
export function oktaOrigin({ org_name, base_url }: { readonly org_name: string; readonly base_url: string }): string {
  return `https://${org_name}.${base_url || USUAL_HOST}`
}
