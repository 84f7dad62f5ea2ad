import { lchown, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** How the directories are called: by the process that made them, so that those of a dead one are known. */
const NAME = /^lockstep-function-(\d+)-/

/** A new directory of one invocation's own, that nobody else may enter; `tmp` in it is its TMPDIR. */
export async function openWorkspace(): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), `lockstep-function-${process.pid}-`))
  await mkdir(join(work, 'tmp'), { mode: 0o700 })
  return work
}

export async function removeWorkspace(work: string): Promise<void> {
  await rm(work, { recursive: true, force: true, maxRetries: 3 })
}

/** Removes what servers left that were killed; how many. One that is not ours to remove stays. */
export async function removeLeftWorkspaces(): Promise<number> {
  let removed = 0
  for (const name of await readdir(tmpdir())) {
    const pid = Number(NAME.exec(name)?.[1] ?? process.pid)
    if (isAlive(pid)) continue
    await removeWorkspace(join(tmpdir(), name)).then(
      () => removed++,
      () => {},
    )
  }
  return removed
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Makes a directory and all that is in it a user's own. Nobody else has been in it yet. */
export async function giveTo(uid: number, directory: string): Promise<void> {
  for (const name of await readdir(directory, { recursive: true })) {
    await lchown(join(directory, name), uid, uid)
  }
  await lchown(directory, uid, uid)
}
