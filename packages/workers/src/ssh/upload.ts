/** SFTP, one way: a file from here to there. */
import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Client, SFTPWrapper } from 'ssh2'

export type Progress = (sent: number, total: number) => void

export interface Copy {
  readonly from: string
  /** Relative to the user's home, or from the root. */
  readonly to: string
}

/** SFTP's own code of an answer, in words. @see https://datatracker.ietf.org/doc/html/draft-ietf-secsh-filexfer-02#section-7 */
const ANSWERS: Readonly<Record<number, string>> = {
  2: 'there is no such directory',
  3: 'the user may not write there',
  4: 'the node refused it',
  8: 'the node cannot do this',
}

export class UploadError extends Error {
  override readonly name = 'UploadError'
}

/**
 * Writes the copy beside its place and renames it: nobody sees half a file, and what was there stays where something fails.
 *
 * @throws UploadError naming the place.
 */
export async function upload(client: Client, { from, to }: Copy, progress?: Progress) {
  const { size, mode } = await stat(from)
  const sftp = await promisify<SFTPWrapper>(client.sftp.bind(client))().catch(() => {
    throw new UploadError('The node has no SFTP (Subsystem sftp in its sshd_config).')
  })
  const beside = `${to}.${randomBytes(4).toString('hex')}.part`
  try {
    await put(
      sftp,
      { from, to: beside },
      { mode: mode & 0o777, progress: progress && reportTo(progress, size) },
    )
    await rename(sftp, beside, to)
  } catch (error) {
    await promisify<string, void>(sftp.unlink.bind(sftp))(beside).catch(() => undefined)
    throw explained(to, error)
  } finally {
    sftp.end()
  }
  return { bytes: size }
}

function reportTo(progress: Progress, size: number) {
  return (sent: number) => progress(sent, size)
}

interface Putting {
  readonly mode: number
  readonly progress: ((sent: number) => void) | undefined
}

function put(sftp: SFTPWrapper, { from, to }: Copy, { mode, progress }: Putting): Promise<void> {
  return new Promise((resolve, reject) => {
    sftp.fastPut(from, to, { mode, ...(progress && { step: progress }) }, (error) =>
      error ? reject(error) : resolve(),
    )
  })
}

/** OpenSSH's own rename replaces what is there, SFTP's does not. */
function rename(sftp: SFTPWrapper, from: string, to: string): Promise<void> {
  return new Promise((resolve, reject) => {
    sftp.ext_openssh_rename(from, to, (error) => (error ? reject(error) : resolve()))
  })
}

function explained(to: string, error: unknown): UploadError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const why = typeof code === 'number' ? (ANSWERS[code] ?? `SFTP answered ${code}`) : undefined
  return new UploadError(
    `${to} was not written: ${why ?? (error instanceof Error ? error.message : 'unknown')}.`,
  )
}
