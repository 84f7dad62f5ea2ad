import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, sep } from 'node:path'

/**
 * The directory itself, every link on the way to it followed; undefined for what is none, or lies beneath none of
 * `allowed`.
 */
export async function allowedDirectory(
  path: string,
  allowed: readonly string[],
): Promise<string | undefined> {
  if (!isAbsolute(path)) return undefined
  const found = await realDirectory(path)
  if (found === undefined) return undefined
  for (const directory of allowed) {
    const root = await realDirectory(directory)
    if (root !== undefined && (found === root || found.startsWith(root.endsWith(sep) ? root : root + sep)))
      return found
  }
  return undefined
}

async function realDirectory(path: string): Promise<string | undefined> {
  try {
    const found = await realpath(path)
    return (await stat(found)).isDirectory() ? found : undefined
  } catch {
    // Not there, not to be read, or a name that no file can have.
    return undefined
  }
}
