/** What a kind of thing has to be able to, so that it can be declared. One file a kind. */
import type { FieldTable } from './field.ts'
import type { Fields } from './value.ts'
import type { World } from './world.ts'

export interface Kind {
  /** The name of its blocks. */
  readonly block: string
  /** What its blocks' label is, for a sentence: "a path". */
  readonly label: string
  /** The one form of a label; throws `DeclarationError` for what can be none. */
  id(label: string): string
  /** Turns older and shorter ways to say things into the usual ones. */
  prepare?(fields: Fields): Fields
  /** Throws `DeclarationError` where nothing of that id can be. */
  subject(id: string, world: World, declared: Fields): Promise<Subject>
  /** What is there, without what the server makes by itself. */
  list(world: World): Promise<readonly string[]>
  /**
   * What belongs together when it is asked what is not declared: roles of one mount. Of a group that nothing is declared of, nothing is
   * removed. All are one group if it is left out.
   */
  scope?(id: string, world: World): Promise<string>
  /** The one id of what can be called by several. `declared` are the fields that stand in the file itself. */
  canonical?(id: string, world: World, declared: Fields): Promise<string>
  /** Of one kind those of a lower rank are made first. */
  rank?(id: string, world: World): Promise<number>
  /** Which others of this kind have to be there before. */
  after?(fields: Fields): readonly string[]
  /** Of what is not declared: whether it may be removed when everything that is not declared shall be. */
  mayPrune?(id: string, world: World, isDeclared: (block: string, id: string) => boolean): Promise<boolean>
}

/** One thing of a kind, there or not. */
export interface Subject {
  readonly table: FieldTable
  /** Fields that the table doesn't have are taken, too: which there are is the engine's affair. */
  readonly open?: true
  /** Of an open one, which of the server's fields can be set; all that it answers, if it is left out. */
  readonly settable?: readonly string[]
  /** Undefined where it isn't there. */
  read(): Promise<Fields | undefined>
  create(fields: Fields): Promise<void>
  /** `changed` are those of `fields` that are to be set. */
  update(changed: Fields, fields: Fields): Promise<void>
  remove(): Promise<void>
}
