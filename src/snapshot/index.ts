/** The door of the room. */
export { Snapshots, type SnapshotsDeps } from './snapshots.ts'
export { clearScratch } from './spool.ts'
export { verifyArchive, type ArchiveSource, type ArchiveSummary } from './read-archive.ts'
export { isComplete } from './completeness.ts'
export { fileSource } from './file-source.ts'
export type { SnapshotMeta } from './format.ts'
export type { Vault } from './vault.ts'
