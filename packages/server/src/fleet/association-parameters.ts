import type { Keyring, Sealed } from '../keyring/keyring.ts'
import type { AssociationKey } from '../store/associations.ts'
import type { GivenParameters } from './resolve.ts'

/** Which version of which association: sealed parameters open as nothing else. */
export type ParametersOf = AssociationKey & { readonly version: number }

/** Nothing where there are no parameters. */
export function sealParameters(
  keyring: Keyring,
  of: ParametersOf,
  parameters: GivenParameters,
): Sealed | undefined {
  if (Object.keys(parameters).length === 0) return undefined
  return keyring.seal(
    'association-parameters',
    new TextEncoder().encode(JSON.stringify(parameters)),
    contextOf(of),
  )
}

export function openParameters(
  keyring: Keyring,
  of: ParametersOf & { readonly sealedParameters?: Uint8Array | undefined },
): GivenParameters {
  if (!of.sealedParameters) return {}
  using opened = keyring.open('association-parameters', of.sealedParameters, contextOf(of))
  return JSON.parse(opened.text()) as GivenParameters
}

function contextOf({ account, region, id, version }: ParametersOf) {
  return { account, region, association: id, version: String(version) }
}
