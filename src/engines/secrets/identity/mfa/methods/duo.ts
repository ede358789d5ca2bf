import { f } from '#framework'
import { methodErrors } from '../errors.ts'
import type { DuoSettings } from '../store.ts'
import { isHost } from './host.ts'
import { defineKind } from './kind.ts'

export const duoKind = defineKind({
  type: 'duo',
  help: 'A push to a telephone, or a passcode, by Duo.',
  noun: 'duo',
  asksByName: true,
  fields: {
    secret_key: f.string('Secret key of the integration.').default('').sensitive(),
    integration_key: f.string('Key of the integration.').default(''),
    api_hostname: f.string('Host of the API: api-1a2b3c4d.duosecurity.com.').default(''),
    push_info: f.string('What a push shows besides, as names with values: from=login&domain=acme.').default(''),
    use_passcode: f.bool('Have clients ask for a passcode. A push is still possible.').default(false),
  },
  replyFields: {
    api_hostname: f.string('Host of the API.'),
    pushinfo: f.string('What a push shows besides.'),
    use_passcode: f.bool('Clients ask for a passcode.'),
    mount_accessor: f.string('Empty.'),
    username_format: f.string('What the service calls somebody.'),
  },
  settings: (given) => {
    if (given.secret_key === '') throw methodErrors.SECRET_KEY()
    if (given.integration_key === '') throw methodErrors.INTEGRATION_KEY()
    if (given.api_hostname === '') throw methodErrors.API_HOSTNAME()
    if (!isHost(given.api_hostname)) throw methodErrors.BAD_HOST({ field: 'api_hostname' })
    return { duo: given satisfies DuoSettings }
  },
  shown: ({ duo, username_format }) => ({
    api_hostname: duo?.api_hostname ?? '',
    pushinfo: duo?.push_info ?? '',
    use_passcode: duo?.use_passcode ?? false,
    mount_accessor: '',
    username_format,
  }),
})
