import {
  absent,
  definePath,
  done,
  f,
  none,
  ok,
  replySchema,
  type CallContext,
  type PathDefinition,
  type Reply,
  type ReplySchema,
} from '#framework'
import type { DrillReport, SnapshotsPort } from '../../../request/snapshot-ports.ts'

export interface SnapshotPathPorts {
  readonly snapshots: SnapshotsPort
}

const GZIP = 'application/gzip'

const archiveReply: ReplySchema = {
  description: 'The archive.',
  fields: {},
  contentType: GZIP,
}

const drillReply = replySchema('A drill: how far it is, or what came of it.', {
  state: f.string('`running`, `succeeded` or `failed`.'),
  phase: f.string('`taking`, `fetching`, `restoring` or `reading`: what is being done, or was done last.'),
  source: f.string('Where the snapshot is from: `given` with the request, `automatic`, or `taken` for the drill.'),
  config: f.string('Of an automatic one: the name of its configuration.'),
  url: f.string('Of an automatic one: where it is.'),
  created: f.string('When the snapshot was taken.'),
  server_version: f.string('Version of the server that took it.'),
  cluster_id: f.string('Id of the cluster it is of.'),
  bytes: f.int('Size of the snapshot.'),
  entries: f.int('Entries that were restored.'),
  opened: f.int('Entries that were read back and decrypted.'),
  damaged: f.int('Entries that could not be.'),
  damaged_entries: f.ints('Numbers of the first of them, in the order of their keys.'),
  error: f.string('What else failed.'),
  started_at: f.string('When it began.'),
  duration_ms: f.int('How long it took so far, or in all.'),
})

/** Vault serves these with integrated storage alone; here whatever the storage is. */
export function snapshotPaths({ snapshots }: SnapshotPathPorts): readonly PathDefinition[] {
  return [
    definePath('storage/raft/snapshot', {
      help: 'Take a snapshot of all that is stored, or put one in its place.',
      params: {},
      flags: { rootNamespaceOnly: true, place: 'leader', neverWrapped: true },
    })
      .read({
        summary: 'Take a snapshot.',
        description:
          'The reply is a gzip-compressed tar archive. All values in it are encrypted; names of entries are not.',
        replies: { 200: archiveReply },
        run: () => ({
          raw: { contentType: GZIP, body: snapshots.take() },
          headers: [['Content-Disposition', 'attachment; filename="coffer.snap"']],
        }),
      })
      .compute({
        summary: 'Restore a snapshot of this vault.',
        description:
          'The body is the archive. It is refused unless all of it is here, unchanged, and of this vault; then it takes the place of everything at once, and requests are answered with 503 for that moment.',
        replies: { 204: none },
        flags: { streamedBody: true },
        run: (c) => restore(snapshots, c, false),
      }),
    definePath('storage/raft/snapshot-force', {
      help: 'Put a snapshot of another vault in place of all that is stored.',
      params: {},
      // More than Vault asks for: with it a caller brings in a vault of his own, and its root token.
      flags: { rootNamespaceOnly: true, place: 'leader', neverWrapped: true, sudo: true },
    }).compute({
      summary: 'Restore a snapshot, of whichever vault.',
      description:
        "The archive must be whole, but need not be of this vault. Where it is not, the server is sealed afterwards, and opens with the snapshot's unseal keys.",
      replies: { 204: none },
      flags: { streamedBody: true },
      run: (c) => restore(snapshots, c, true),
    }),
    definePath('storage/raft/snapshot-drill', {
      help: 'Prove that a snapshot can be restored, without restoring it here.',
      params: {},
      flags: { rootNamespaceOnly: true, place: 'leader', neverWrapped: true, sudo: true },
    })
      .compute({
        summary: 'Begin a drill.',
        description:
          'The body is a snapshot of this vault, or empty: then it is the newest automatic one or, where there is none, one that is taken now. It is put into a store of its own, and every entry there is read back and decrypted.',
        fields: { now: f.bool('Take a snapshot for the drill, whatever automatic ones there are.').default(false) },
        replies: { 202: drillReply },
        flags: { streamedBody: true },
        run: async (c) => ok(drillReply, drillData(await snapshots.startDrill(bodyOf(c), c.in.now)), { status: 202 }),
      })
      .read({
        summary: 'Tell how far the drill is, or what came of the last one.',
        replies: { 200: drillReply },
        run: () => ok(drillReply, drillData(snapshots.drillReport() ?? absent())),
      }),
  ]
}

async function restore(snapshots: SnapshotsPort, c: CallContext, force: boolean): Promise<Reply> {
  await snapshots.restore(bodyOf(c), force)
  return done()
}

function bodyOf({ request }: CallContext): AsyncIterable<Uint8Array> {
  if (request.openBody === undefined) throw new Error('the path takes no stream')
  return request.openBody()
}

function drillData(report: DrillReport) {
  return {
    state: report.state,
    phase: report.phase,
    source: report.source,
    config: report.config,
    url: report.url,
    created: report.created,
    server_version: report.serverVersion,
    cluster_id: report.clusterId,
    bytes: report.bytes,
    entries: report.entries,
    opened: report.opened,
    damaged: report.damaged,
    damaged_entries: report.damagedEntries,
    error: report.error,
    started_at: report.startedAt,
    duration_ms: report.duration,
  }
}
