import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { RawJson } from '../lib/json/index.ts'
import type { AclOperation } from './index.ts'
import { compileAcl, parsePolicy } from './index.ts'

interface Check {
  readonly operation: AclOperation
  readonly path: string
  readonly parameters?: { readonly [name: string]: unknown }
  readonly wrapTtl?: number
  readonly allowed: boolean
  readonly sudo: boolean
}

interface Golden {
  readonly title: string
  readonly policies: readonly string[]
  readonly checks: readonly Check[]
}

/** Verdicts of a reference server on the same policies and requests. */
const golden: readonly Golden[] = JSON.parse(readFileSync(new URL('testdata/acl.json', import.meta.url), 'utf8'))

describe('an ACL answers as the reference server', () => {
  for (const { title, policies, checks } of golden) {
    it(title, () => {
      const acl = compileAcl(
        policies.map((text, index) => parsePolicy(`p${index}`, text)),
        { now: Date.UTC(2026, 0) },
      )
      for (const check of checks) {
        const { operation, path, parameters = {}, wrapTtl, allowed, sudo } = check
        const pairs = Object.entries(parameters).map(
          ([name, value]) => [name, new RawJson(JSON.stringify(value))] as const,
        )
        const decision = acl.check({ operation, path, parameters: pairs, wrapTtl })
        assert.deepEqual({ allowed: decision.allowed, sudo: decision.sudo }, { allowed, sudo }, JSON.stringify(check))
      }
    })
  }
})
