/**
 * A policy's text, HCL or JSON: `path "secret/*" { capabilities = ["read"] }`.
 * Source: https://developer.hashicorp.com/vault/docs/concepts/policies
 */
import type { CofferError } from '../errors/coffer-error.ts'
import type { Block, Document } from '../lib/hcl/index.ts'
import { blocks, duplicates, formatHcl, HclError, parseHcl } from '../lib/hcl/index.ts'
import { isPathSelector, parseIdentityTemplate, type IdentityTemplate } from '../lib/identity-template.ts'
import type { Namespace } from '../request/request.ts'
import { policyErrors } from './errors.ts'
import { parseStanza } from './parse-permissions.ts'
import type { PathRule, Policy } from './policy.ts'
import { Problems } from './problems.ts'

const ROOT: Namespace = Object.freeze({ id: 'root', path: '' })
const MAX_PROBLEMS = 20

/** Throws `POLICY_PARSE` (400) with everything that is wrong with the text, each with line and column. */
export function parsePolicy(name: string, text: string, namespace: Namespace = ROOT): Policy {
  const document = parseDocument(text)
  const problems = new Problems()
  for (const {
    keys: [key],
  } of document.items) {
    if (key.name !== 'path' && key.name !== 'name')
      problems.add(key.at, `invalid key "${key.name}"`, 'one of path, name')
  }
  for (const {
    keys: [key],
  } of duplicates(document.items)) {
    problems.add(key.at, `The argument "${key.name}" was already set`, 'Each argument can only be defined once')
  }
  const { found, misfits } = blocks(document.items, 'path', 1)
  for (const item of misfits)
    problems.add(
      item.at,
      'invalid path',
      'it takes one path and an object: path "secret/data/a" { capabilities = ["read"] }',
    )
  const warnings: string[] = []
  const rules = found.map((block) => parseRule(block, problems, warnings))
  if (problems.found.length > 0) throw failure(problems.found)
  return Object.freeze({
    name,
    namespace,
    text,
    rules: Object.freeze(rules),
    templated: rules.some((rule) => rule.template !== undefined),
    warnings: Object.freeze(warnings),
  })
}

function parseDocument(text: string): Document {
  try {
    return parseHcl(text)
  } catch (error) {
    throw error instanceof HclError ? failure([error.message]) : error
  }
}

function failure(found: readonly string[]): CofferError {
  const [first = '', ...rest] = found.slice(0, MAX_PROBLEMS)
  if (found.length > MAX_PROBLEMS) rest.push(`and ${found.length - MAX_PROBLEMS} more problems`)
  return policyErrors.PARSE({ reason: first }, { also: rest })
}

function parseRule(block: Block, problems: Problems, warnings: string[]): PathRule {
  const [key] = block.labels
  if (key === undefined) throw new Error('unreachable: a path block has a label')
  const written = key.name.startsWith('/') ? key.name.slice(1) : key.name
  const template = parseIdentityTemplate(written)
  const own = problems.within(`path "${key.name}": `)
  if (template === undefined) own.add(key.at, 'failed to validate policy templating: unbalanced templating characters')
  if (written.includes('+*')) own.add(key.at, "invalid use of wildcards ('+*' is forbidden)")
  warn(written, template, warnings)
  const { permissions, expiresAt } = parseStanza(key.at, block.value, own)
  const isTemplate = template !== undefined && template.selectors.length > 0
  return Object.freeze({
    path: written,
    template: isTemplate ? template : undefined,
    permissions,
    expiresAt,
    line: block.item.at.line,
  })
}

function warn(path: string, template: IdentityTemplate | undefined, warnings: string[]): void {
  const literal = template === undefined ? path : template.texts.join('x')
  if (literal.slice(0, -1).includes('*'))
    warnings.push(`path "${path}": "*" is a glob only at the end; elsewhere it stands for itself`)
  if (literal.split('/').some((segment) => segment.includes('+') && segment !== '+')) {
    warnings.push(`path "${path}": "+" is a wildcard only as a whole segment; elsewhere it stands for itself`)
  }
  for (const selector of template?.selectors ?? []) {
    if (!isPathSelector(selector))
      warnings.push(`path "${path}": {{${selector.text}}} has no value for anyone, so this rule grants nothing`)
  }
}

/** The canonical form of a policy's text. Throws `POLICY_PARSE` like `parsePolicy`, and for JSON. */
export function formatPolicy(text: string): string {
  parsePolicy('', text)
  try {
    return formatHcl(text)
  } catch (error) {
    throw error instanceof HclError ? failure([error.message]) : error
  }
}
