/**
 * What a node's agent and the server say to each other; types alone, for the agent carries no dependency.
 * Everything goes over HTTP(S) to `POST /agent/v1/…`, from the node to the server; docs/decisions/0013 has the reasons.
 * Instants are ISO 8601 texts; keys and signatures base64; digests lower-case hex.
 */

/** Where each kind of request goes. */
export interface NodePaths {
  readonly register: '/agent/v1/register'
  /** Answered at once, and kept open: frames as NDJSON for as long as both live. */
  readonly stream: '/agent/v1/stream'
  /** Answered with the frames there are, or with none at the latest 20 s later. */
  readonly poll: '/agent/v1/poll'
  readonly report: '/agent/v1/report'
}

/** What a node tells of itself. */
export interface NodeFacts {
  readonly hostname: string
  readonly ipAddress: string
  /** Where sshd listens on {@link ipAddress}. */
  readonly sshPort: number
  readonly platformType: 'Linux'
  readonly platformName: string
  readonly platformVersion: string
  readonly agentVersion: string
  /** /etc/machine-id, or a random one that the agent keeps. */
  readonly machineId: string
  /** sshd's public host keys, one OpenSSH line each, without comments. */
  readonly hostKeys: readonly string[]
}

/** Asks to become a node; signed by the very key that it names, as `proof` says. */
export interface RegisterRequest {
  readonly activationId: string
  readonly activationCode: string
  /** Ed25519, SubjectPublicKeyInfo in DER. */
  readonly publicKey: string
  readonly facts: NodeFacts
  /** Over `lockstep register v1\n` and the JSON of the members above, in this order. */
  readonly proof: string
}

export interface RegisterAnswer {
  /** `mi-` and 17 hex digits, and the same digits after `i-`. */
  readonly instanceId: string
  readonly ec2InstanceId: string
  readonly account: string
  readonly region: string
  /** The key whose signature frames carry; the agent compares it with the fingerprint that it was given. */
  readonly serverKey: string
}

/** The headers by which every other request proves whose it is. */
export interface SignedHeaders {
  /** `ACCOUNT/REGION/mi-…` */
  readonly 'x-lockstep-node': string
  readonly 'x-lockstep-at': string
  /** 32 hex digits, never used twice within ten minutes. */
  readonly 'x-lockstep-nonce': string
  /** `LOCKSTEP-ED25519 SIGNATURE`, over `POST\nPATH\nNODE\nAT\nNONCE\nSHA256(BODY)`. */
  readonly authorization: string
}

/** The body of `stream` and `poll`. */
export interface Listen {
  readonly facts: NodeFacts
  /** Of the agent's process, by chance: two that listen at once are two machines with one identity. */
  readonly session: string
  /** The generation of the desired state that the node holds; 0 for none. */
  readonly desiredGeneration: number
}

/** One line of an answer. The signature is the server's, over the UTF-8 of `body`. */
export interface Frame {
  /** JSON of a {@link FrameBody}. */
  readonly body: string
  readonly signature: string
}

interface Addressed {
  /** The node it is for; any other drops it. */
  readonly node: string
  readonly issuedAt: string
}

export type FrameBody =
  | (Addressed & { readonly kind: 'ping' })
  | (Addressed & { readonly kind: 'command'; readonly command: NodeCommand })
  | (Addressed & { readonly kind: 'cancel'; readonly commandId: string })
  | (Addressed & { readonly kind: 'desired'; readonly desired: DesiredState })

/** What is to run once, in order, until one step fails. */
export interface NodeCommand {
  readonly commandId: string
  /** Not to be begun later than this. */
  readonly notAfter: string
  readonly steps: readonly NodeStep[]
}

export interface NodeStep {
  /** As results are asked for: the step's name in its document. */
  readonly name: string
  readonly action: 'aws:runShellScript'
  /** Lines of the script; parameters are in the environment or have been put in where the document says so. */
  readonly script: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly workingDirectory?: string
  readonly timeoutSeconds: number
}

/** What the node is to be brought to again and again. A lower generation than one it has seen is refused. */
export interface DesiredState {
  readonly generation: number
  readonly associations: readonly NodeAssociation[]
}

export interface NodeAssociation {
  readonly associationId: string
  /** Another after every change of what it does. */
  readonly version: string
  /** Run once for each version, and then this often where it is given. */
  readonly everySeconds?: number
  readonly steps: readonly NodeStep[]
}

export type StepStatus = 'Success' | 'Failed' | 'TimedOut' | 'Cancelled'

export interface StepResult {
  readonly name: string
  readonly status: StepStatus
  /** -1 where it never ran to an end. */
  readonly exitCode: number
  /** The first 24,000 characters. */
  readonly stdout: string
  /** The first 8,000. */
  readonly stderr: string
  readonly startedAt: string
  readonly endedAt: string
}

/** Sent again until it was acknowledged; the server may have it already. */
export interface Report {
  readonly started: readonly { readonly commandId: string; readonly startedAt: string }[]
  readonly results: readonly {
    readonly commandId: string
    /** `Interrupted`: the agent or the node died in it, and it is not run again. */
    readonly outcome: 'Completed' | 'Interrupted' | 'TooLate' | 'Cancelled'
    readonly steps: readonly StepResult[]
  }[]
  readonly associations: readonly {
    readonly associationId: string
    readonly version: string
    readonly steps: readonly StepResult[]
  }[]
}

/** Whose signature a node is to demand; `GET /agent/v1/server-key` tells it to whoever asks. */
export interface ServerKey {
  readonly serverKey: string
  /** `SHA256:…`, as it stands in the line that enrols a node. */
  readonly fingerprint: string
}

export interface ReportAnswer {
  /** The ids of what need not be sent again. */
  readonly acknowledged: readonly string[]
}
