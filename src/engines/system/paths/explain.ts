/** Why a request would be allowed or denied, told by the code that decides requests. */
import {
  badRequest,
  definePath,
  f,
  okData,
  replySchema,
  type JsonOut,
  type PathDefinition,
  type ReadView,
} from '#framework'
import type { RawJson } from '../../../lib/json/index.ts'
import { policyName, policyNames } from '../../../lib/policy-names.ts'
import { membersOf } from '../../../lib/json/index.ts'
import {
  explainedOperations,
  type ExplainedOperation,
  type ExplainedRule,
  type ExplainPort,
  type Explanation,
  type Question,
  type RuleSource,
} from '../../../request/policy-ports.ts'
import { rootNamespace, type Namespace } from '../../../request/request.ts'
import type { GoverningPaths } from '../../../request/governing-ports.ts'
import type { CallerLookup } from '../../../request/system-ports.ts'
import { systemErrors } from '../errors.ts'

export interface ExplainPorts {
  readonly governing: Pick<GoverningPaths, 'governing'>
  readonly policies: ExplainPort
  readonly callers: CallerLookup
  /** What is special about a path; undefined where nothing serves the operation there. */
  demands(question: Question): Demands | undefined
}

export interface Demands {
  readonly sudo?: boolean
  readonly unauthenticated?: boolean
  readonly anyCaller?: boolean
}

const source = f.object({
  policy: f.string('The policy.'),
  line: f.int('The line of it that the rule begins on.'),
  path: f.string('The path as written.'),
  capabilities: f.list('What the rule grants by itself.'),
})
const rule = f.object({
  path: f.string('The path that the rule is for, with what its templates stand for.'),
  match: f.string('How it takes paths: `exact`, `prefix` (a `*` at the end) or `segments` (with `+`).'),
  capabilities: f.list('What all rules for this path grant together.'),
  conditions: f.list('What they ask for besides.'),
  sources: f.array(source, 'Where these rules stand.'),
})
const reply = replySchema('Whether the request would be allowed, and why.', {
  path: f.string('The path.'),
  operation: f.string('The operation.'),
  allowed: f.bool('Whether it would be allowed.').optional(),
  reason: f.string('Why.').optional(),
  held: f.bool('Whether it would be kept until others have authorized it.').optional(),
  governing_policies: f.array(
    f.map(),
    'Policy expressions that would be asked of the request besides: `name`, `type`, `namespace`, `enforcement_level`.',
  ),
  policies: f.list(
    'The policies that were looked at; without a token, an accessor and policies: those that say something of the path.',
  ),
  missing_policies: f.list('Names among them that no policy has.').optional(),
  sudo_needed: f.bool('Whether the path needs `sudo` as well.'),
  sudo: f.bool('Whether the deciding rule grants `sudo`.').optional(),
  granted_by: f.list('The policies that grant it.').optional(),
  rule: f.map('The rule that decided.').optional(),
  other_rules: f.array(rule, 'Rules that take the path, too, and are further from it, the nearest first.').optional(),
  unapplied_rules: f.array(f.map(), 'Rules that say nothing of who asks, and why not.').optional(),
  reach: f.array(f.map(), 'Of each policy that says something of the path, what it says by itself.').optional(),
})

const fields = {
  path: f.string('The path that would be asked for, without `/v1/`.').default(''),
  operation: f.enum(explainedOperations, 'What would be done there.'),
  token: f.string('Whose token is looked at.').default('').sensitive(),
  accessor: f.string('Or the accessor of it.').default(''),
  policies: f.strings('Or just these policies, held by nobody in particular.').default([]),
  parameters: f.map('Parameters of the request.').optional(),
  wrap_ttl: f.duration('How long the reply would have to be wrapped; not at all if it is left out.').optional(),
}

export function explainPaths(ports: ExplainPorts): readonly PathDefinition[] {
  return [
    definePath('policies/explain', {
      help: 'Why a request would be allowed or denied.',
      params: {},
      flags: { sudo: true, place: 'anywhere' },
    }).compute({
      summary: 'Tell why a request would be allowed or denied, and by which rule of which policy.',
      description:
        'The verdict is that of the code that decides requests. Without a token, an accessor and policies, it tells which policies reach the path.',
      fields,
      replies: { 200: reply },
      run: async (c) => {
        const asked = questionOf(c.in, c.request.namespace)
        const demands = ports.demands(asked)
        const question = { ...asked, needsSudo: demands?.sudo }
        const about = { path: question.path, operation: question.operation, sudo_needed: demands?.sudo === true }
        const given = [c.in.token !== '', c.in.accessor !== '', c.in.policies.length > 0].filter(Boolean).length
        if (given > 1) badRequest('one of token, accessor and policies is looked at, not several')
        if (given === 0) {
          const reach = await ports.policies.reach(question, c.view)
          return okData({
            ...about,
            governing_policies: await governingOf(ports, question, undefined, c.view),
            policies: reach.map(({ policy }) => policy),
            reach: reach.map(({ policy, explanation }) => ({ policy, ...told(explanation, demands) })),
          })
        }
        const { explanation, policies, namespaceId } = await explained(ports, c.in, question, c.view)
        const holder = { namespaceId, policies: policyNames(policies) }
        // Root is asked for nothing.
        const governing = explanation.root ? [] : await governingOf(ports, question, holder, c.view)
        const known = new Set(governing.map(({ name }) => name))
        const missing = await ports.policies.missing(policies, question.namespace, c.view)
        return okData({
          ...about,
          policies,
          missing_policies: missing.filter((name) => !known.has(policyName(name))),
          ...told(explanation, demands),
          governing_policies: governing,
        })
      },
    }),
  ]
}

interface Asked {
  readonly path: string
  readonly operation: ExplainedOperation
  readonly token: string
  readonly accessor: string
  readonly policies: readonly string[]
  readonly parameters?: RawJson | undefined
  readonly wrap_ttl?: number | undefined
}

/** In the form that requests have: a list ends with a slash. */
function questionOf({ path, operation, parameters, wrap_ttl: wrapTtl }: Asked, namespace: Namespace): Question {
  const bare = path.trim().replace(/^\/+/, '')
  if (bare === '') badRequest('a path is needed')
  const isListing = operation === 'list' || operation === 'scan'
  return {
    namespace,
    path: isListing && !bare.endsWith('/') ? `${bare}/` : bare,
    operation,
    parameters: parameters === undefined ? new Map() : (membersOf(parameters) ?? new Map()),
    wrapTtl,
  }
}

interface Explained {
  readonly explanation: Explanation
  readonly policies: readonly string[]
  readonly namespaceId: string
}

async function explained(
  { policies, callers }: ExplainPorts,
  asked: Asked,
  question: Question,
  view: ReadView,
): Promise<Explained> {
  if (asked.policies.length > 0) {
    const explanation = await policies.explainPolicies(asked.policies, question, view)
    return { explanation, policies: asked.policies, namespaceId: question.namespace.id }
  }
  const byToken = asked.token !== ''
  const caller = byToken
    ? await callers.byToken(asked.token, view)
    : await callers.byAccessor(asked.accessor, view, question.namespace.id)
  const { namespace } = question
  // What stands in policies of another namespace is not for who may ask in this one.
  const isForeign = namespace.id !== rootNamespace.id && caller?.namespaceId !== namespace.id
  if (caller === undefined || isForeign) throw byToken ? systemErrors.INVALID_TOKEN() : systemErrors.INVALID_ACCESSOR()
  const explanation = await policies.explainCaller(caller, question, view)
  return { explanation, policies: caller.policies, namespaceId: caller.namespaceId }
}

/** Which these are; what they come to depends on more of a request than is asked about here. */
async function governingOf(
  { governing }: ExplainPorts,
  question: Question,
  holder: { readonly namespaceId: string; readonly policies: readonly string[] } | undefined,
  view: ReadView,
) {
  const found = await governing.governing(view, question, holder)
  return found.map(({ name, type, namespace, level }) => ({
    name,
    type,
    namespace: namespace.path,
    enforcement_level: level,
  }))
}

/** What the path itself asks for, besides: as the pipeline does. */
function verdict(
  { allowed, sudo, reason }: Explanation,
  demands: Demands | undefined,
): { allowed: boolean; reason: string } {
  if (demands?.unauthenticated === true) return { allowed: true, reason: 'the path needs no token' }
  const passed = allowed || demands?.anyCaller === true
  if (passed && demands?.sudo === true && !sudo)
    return { allowed: false, reason: 'the path needs sudo, which the rule does not grant' }
  return { allowed: passed, reason: passed && !allowed ? 'every token may use the path' : reason }
}

function told(explanation: Explanation, demands: Demands | undefined): { readonly [name: string]: JsonOut } {
  const { sudo, held, granting, deciding, others, unapplied } = explanation
  return {
    ...verdict(explanation, demands),
    held,
    sudo,
    granted_by: granting,
    rule: deciding === undefined ? null : ruleOut(deciding),
    other_rules: others.map(ruleOut),
    unapplied_rules: unapplied.map(({ source: where, why }) => ({ ...sourceOut(where), reason: why })),
  }
}

function ruleOut({ path, match, capabilities, conditions, sources }: ExplainedRule): {
  readonly [name: string]: JsonOut
} {
  return { path, match, capabilities, conditions, sources: sources.map(sourceOut) }
}

function sourceOut({ policy, line, path, capabilities }: RuleSource): { readonly [name: string]: JsonOut } {
  return { policy, line, path, capabilities }
}
