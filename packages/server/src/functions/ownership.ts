import { lchown, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Makes a directory and all that is in it a user's own. Nobody else has been in it yet. */
export async function giveTo(uid: number, directory: string): Promise<void> {
  for (const name of await readdir(directory, { recursive: true })) {
    await lchown(join(directory, name), uid, uid)
  }
  await lchown(directory, uid, uid)
}
