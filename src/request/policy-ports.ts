/** Asking why a request would be allowed or not. */
import type { RawJson } from '../lib/json/index.ts'
import type { Caller } from './caller.ts'
import type { Namespace } from './request.ts'
import type { ReadView } from '../storage/view.ts'

/** Operations that can be asked about, by the names of the capabilities that they need. */
export const explainedOperations = [
  'create',
  'read',
  'update',
  'patch',
  'delete',
  'list',
  'scan',
  'subscribe',
  'recover',
] as const
export type ExplainedOperation = (typeof explainedOperations)[number]

export interface Question {
  readonly namespace: Namespace
  /** Relative to the namespace. */
  readonly path: string
  readonly operation: ExplainedOperation
  /** Of the request: query or body. */
  readonly parameters: ReadonlyMap<string, RawJson>
  /** Seconds; undefined for a request that doesn't ask to be wrapped. */
  readonly wrapTtl: number | undefined
  /** The path needs sudo besides. */
  readonly needsSudo?: boolean | undefined
}

/** Where a rule stands. */
export interface RuleSource {
  readonly policy: string
  /** From 1. */
  readonly line: number
  /** As written. */
  readonly path: string
  readonly capabilities: readonly string[]
}

/** What all rules for one path say together. */
export interface ExplainedRule {
  readonly path: string
  readonly match: 'exact' | 'prefix' | 'segments'
  readonly capabilities: readonly string[]
  /** What it asks for besides, in words. */
  readonly conditions: readonly string[]
  readonly sources: readonly RuleSource[]
}

export interface Explanation {
  readonly allowed: boolean
  /** It would be kept until others have authorized it: `allowed` is false then. */
  readonly held: boolean
  /** The rule also grants what needs sudo. */
  readonly sudo: boolean
  readonly root: boolean
  readonly reason: string
  /** Policies that grant the capability. */
  readonly granting: readonly string[]
  readonly deciding: ExplainedRule | undefined
  /** Rules that take the path, too, and are further from it: the nearest first. */
  readonly others: readonly ExplainedRule[]
  readonly unapplied: readonly { readonly source: RuleSource; readonly why: string }[]
}

export interface Reach {
  readonly policy: string
  readonly explanation: Explanation
}

export interface ExplainPort {
  explainCaller(caller: Caller, question: Question, view: ReadView): Promise<Explanation>
  /** Of who holds just these policies of the question's namespace, and is nobody in particular. Names without a policy are left out. */
  explainPolicies(names: readonly string[], question: Question, view: ReadView): Promise<Explanation>
  /** Each policy by itself that allows it, or that has a rule for it that denies. */
  reach(question: Question, view: ReadView): Promise<readonly Reach[]>
  /** Those of the names that no policy has. */
  missing(names: readonly string[], namespace: Namespace, view: ReadView): Promise<readonly string[]>
}
