/** Why nothing can be read or written now. */
export type UnavailableReason =
  | 'full'
  | 'read-only'
  | 'missing'
  | 'replaced'
  | 'io'
  | 'corrupt'
  | 'busy'
  | 'memory'
  | 'closed'
  | 'unreachable'
  | 'starting'
  | 'denied'
  | 'no-database'
  | 'standby'
  | 'connections'
  | 'slow'
  | 'contended'
  | 'fenced'
  | 'clock'

const SENTENCES: Readonly<Record<UnavailableReason, string>> = {
  full: 'The disk that holds the database is full.',
  'read-only': 'The database may not be written: the file or its disk is read-only.',
  missing: 'The database file is gone: it was deleted or moved while the server was running.',
  replaced: 'The database file was replaced by another while the server was running.',
  io: 'The disk that holds the database reported an error.',
  corrupt: 'The database file is damaged.',
  busy: 'Another program holds a lock on the database.',
  memory: 'There was no memory left for the database.',
  closed: 'The store is closed.',
  unreachable: 'The database server cannot be reached.',
  starting: 'The database server is starting or stopping.',
  denied: 'The database server refused the user, the password, or a right that Lockstep needs.',
  'no-database': 'The database server has no database of this name.',
  standby: 'The database takes no writes: it is a standby, or set to read-only.',
  connections: 'The database server has no connection to spare.',
  slow: 'The database server did not answer in time.',
  contended: 'Too many transactions wanted the same rows at once.',
  fenced: 'This server was silent for so long that the others took it for gone.',
  clock: "This server's clock is more than ten seconds away from the database server's: set both by NTP.",
}

/**
 * The environment failed, not the caller: nothing of what was asked has been acknowledged. Trying again may
 * succeed once the reason is gone. The message holds neither values nor paths.
 */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
  readonly reason: UnavailableReason

  constructor(reason: UnavailableReason, options?: ErrorOptions) {
    super(SENTENCES[reason], options)
    this.reason = reason
  }
}
