/** What a request for a token may say. */
import { f, type Infer } from '#framework'

export const createFields = {
  id: f.string('A token of the caller’s own choice instead of a random one; needs sudo.').default('').sensitive(),
  type: f.string('"service" or "batch".').default(''),
  policies: f.list('Policies of the token; those of the caller if absent.').default([]),
  no_default_policy: f.bool('Leave out the policy "default".').default(false),
  meta: f.pairs('Names with values, kept with the token and written to audit devices.').optional(),
  display_name: f.string('Shown with the token, after "token-".').default(''),
  num_uses: f.int('How often the token can be used; 0 for no limit.').default(0),
  ttl: f.string('Time to live: seconds or "1h".').default(''),
  lease: f.string('An older name of `ttl`.').default('').deprecated(),
  explicit_max_ttl: f.string('The token never lives longer, however it is renewed.').default(''),
  period: f.string('The token lives as long as it is renewed within each period; needs sudo.').default(''),
  renewable: f.bool('Whether the token can be renewed.').default(true),
  no_parent: f.bool('Make an orphan, which outlives the caller’s token; needs sudo.').default(false),
  entity_alias: f.string('Alias of the entity the token stands for; only with a role that allows it.').default(''),
}

export type CreateInput = Infer<typeof createFields>
