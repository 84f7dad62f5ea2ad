import { Keyring } from '../keyring/keyring.ts'
import type { RootKey } from '../keyring/root-keys/root-key.ts'
import { openStore } from '../store/open.ts'
import { backUp } from './backup.ts'
import { authenticate } from './backup-content.ts'
import { BackupReader } from './backup-reader.ts'
import { demandFinished } from './mark.ts'
import { doors, edit, fillModel, rootKey, type Scratch } from './model.test-support.ts'
import type { LastingStore } from './target.ts'

/** A store whose keyring is real, its backup, and what opens it. */
export async function backedUp(scratch: Scratch, { schema, most }: { schema?: number; most?: number } = {}) {
  const root = rootKey()
  const store = scratch.store('from')
  await fillModel(store, schema, most)
  await edit(store, 'delete from keyring_generations')
  await addGeneration(store, root)
  const file = scratch.file('backup')
  const to = { path: file, force: false }
  const { manifest } = await backUp({ from: store, to, root }, doors)
  return { root, store, file, manifest }
}

async function addGeneration(store: LastingStore & { kind: 'sqlite' }, root: RootKey): Promise<void> {
  const { record } = await Keyring.create(root, doors.random, doors.clock.now())
  await edit(
    store,
    `insert into keyring_generations values ('', '', 1, ?, ?, ?)`,
    record.wrapped,
    record.rootKeyId,
    record.createdAt.getTime(),
  )
}

export async function start(store: LastingStore): Promise<void> {
  await using opened = await openStore({ ...store, clock: doors.clock, onProblem() {} })
  await demandFinished(opened.read.installation)
}

/** What restore does before it touches a store. */
export async function check(path: string, root: RootKey) {
  await using reader = await BackupReader.open(path, root)
  return await authenticate(reader, doors.onProgress)
}
