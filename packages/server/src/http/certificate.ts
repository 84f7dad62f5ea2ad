import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Logger } from '../platform/logger.ts'
import type { Timer } from '../platform/timer.ts'

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
}

export interface Certificate {
  readonly cert: Buffer
  readonly key: Buffer
}

/** How often the files are looked at: whoever renews them does so days before the old ones end. */
const LOOK_EVERY_MS = 60_000

/** @throws Error with the system's reason where a file cannot be read. */
export function readCertificate({ certFile, keyFile }: CertificateFiles): Certificate {
  return { cert: readFileSync(certFile), key: readFileSync(keyFile) }
}

export interface CertificateWatch {
  readonly files: CertificateFiles
  /** In use now. */
  readonly current: Certificate
  readonly timer: Timer
  readonly logger: Logger
  /** Takes another into use. Throws where it is none, or certificate and key are not of one pair. */
  renew(certificate: Certificate): void
}

/**
 * Takes what the files hold into use once it is another: certificates are renewed while the server runs. Files that
 * cannot be used, being half written for one, leave what was in use, are logged, and are tried again.
 * Contents are compared, not times: a mounted Kubernetes secret changes by a symbolic link.
 */
export function watchCertificate({ files, current, timer, logger, renew }: CertificateWatch): Disposable {
  let inUse = current
  let next: Disposable | undefined = timer.after(LOOK_EVERY_MS, turn)

  async function look(): Promise<void> {
    const found = { cert: await readFile(files.certFile), key: await readFile(files.keyFile) }
    if (found.cert.equals(inUse.cert) && found.key.equals(inUse.key)) return
    renew(found)
    inUse = found
    const { validTo, fingerprint256 } = new X509Certificate(found.cert)
    logger.info('tls.renewed', { validTo, fingerprint256 })
  }

  function turn(): void {
    void look()
      .catch((error: unknown) => logger.error('tls.not-renewed', { error }))
      .finally(() => {
        if (next) next = timer.after(LOOK_EVERY_MS, turn)
      })
  }

  return {
    [Symbol.dispose]() {
      next?.[Symbol.dispose]()
      next = undefined
    },
  }
}
