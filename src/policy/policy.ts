/** A policy as parsed: immutable, not yet bound to a caller. */
import type { IdentityTemplate } from '../lib/identity-template.ts'
import type { Namespace } from '../request/request.ts'
import type { CapabilitySet } from './capability.ts'

export interface Policy {
  readonly name: string
  /** Rules' paths are relative to it. */
  readonly namespace: Namespace
  /** As written. */
  readonly text: string
  readonly rules: readonly PathRule[]
  /** Some path has `{{…}}`: what the policy grants depends on who holds it. */
  readonly templated: boolean
  /** What its author may have meant otherwise. */
  readonly warnings: readonly string[]
}

export interface PathRule {
  /** As written, without a leading slash. */
  readonly path: string
  /** Of a path with `{{…}}`. */
  readonly template: IdentityTemplate | undefined
  readonly permissions: Permissions
  /** Wall clock, ms; from then on the rule is as if it weren't there. */
  readonly expiresAt: number | undefined
  /** Where in the text it begins, from 1. */
  readonly line: number
}

export interface Permissions {
  /** `deny` stands alone. */
  readonly capabilities: CapabilitySet
  /** Seconds. Where set, a request has to ask for wrapping. */
  readonly minWrappingTtl: number | undefined
  readonly maxWrappingTtl: number | undefined
  /** Lower-case names; `*` stands for any. An empty list takes any value. */
  readonly allowedParameters: ParameterRules
  readonly deniedParameters: ParameterRules
  /** Lower-case names. */
  readonly requiredParameters: readonly string[]
  /** Keys a list or scan may return at a time. */
  readonly paginationLimit: number | undefined
  readonly mfaMethods: readonly string[]
  readonly controlGroup: ControlGroup | undefined
  readonly subscribeEventTypes: readonly string[]
}

export type ParameterRules = ReadonlyMap<string, readonly Constraint[]>

/** A value of a parameter list: a string, number or boolean as text (strings may be globs), or other JSON in canonical form. */
export type Constraint =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'json'; readonly text: string }

export interface ControlGroup {
  /** Seconds an approved request stays good; undefined takes the system's. */
  readonly ttl: number | undefined
  readonly maxTtl: number | undefined
  readonly factors: readonly ControlGroupFactor[]
}

export interface ControlGroupFactor {
  readonly name: string
  readonly groupNames: readonly string[]
  readonly groupIds: readonly string[]
  readonly approvals: number
  readonly controlledCapabilities: CapabilitySet
}
