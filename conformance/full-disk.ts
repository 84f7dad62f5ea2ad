import { mkdirSync, writeFileSync } from 'node:fs'
import { finish } from './process.ts'

const PATH = { PATH: process.env.PATH ?? '' }

/** A file system of its own that is soon full. Answers why there can be none. */
export async function mount(directory: string, size: string): Promise<string | undefined> {
  mkdirSync(directory, { recursive: true })
  const args = ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', directory]
  const { code, stderr } = await finish('mount', args, { env: PATH })
  return code === 0 ? undefined : `a tmpfs cannot be mounted here: ${stderr.trim()}`
}

export async function unmount(directory: string): Promise<void> {
  await finish('umount', [directory], { env: PATH })
}

/** Takes what room is left. */
export function fill(path: string): void {
  for (let size = 1024 * 1024; size >= 1; size = Math.floor(size / 2)) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: 'a' })
    } catch {
      // Full for this size; a smaller piece may still fit.
    }
  }
}
