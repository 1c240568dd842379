import type * as Countersigning from './countersign-package.ts';
import type * as Revoking from './revocation-facts.ts';
import type * as Signing from './sign-package.ts';
import type * as Unsigning from './unsign-package.ts';
import type * as Verifying from './verify-package.ts';

/*
 * What has to do with signatures comes in when it is first called: it takes a large library to read them, and most
 * processes never meet one.
 */

const signing = (): Promise<typeof Signing> => import('./sign-package.ts');
const verifying = (): Promise<typeof Verifying> => import('./verify-package.ts');

export const signPackage: typeof Signing.signPackage = async (...given) =>
  (await signing()).signPackage(...given);

export const requireSignable: typeof Signing.requireSignable = async (...given) =>
  (await signing()).requireSignable(...given);

export const countersignPackage: typeof Countersigning.countersignPackage = async (...given) =>
  (await import('./countersign-package.ts')).countersignPackage(...given);

export const unsignPackage: typeof Unsigning.unsignPackage = async (...given) =>
  (await import('./unsign-package.ts')).unsignPackage(...given);

export const verifyPackage: typeof Verifying.verifyPackage = async (...given) =>
  (await verifying()).verifyPackage(...given);

export const requireVerified: typeof Verifying.requireVerified = async (...given) =>
  (await verifying()).requireVerified(...given);

export const revocationFacts = async (
  ...given: Parameters<typeof Revoking.revocationFacts>
): Promise<ReturnType<typeof Revoking.revocationFacts>> =>
  (await import('./revocation-facts.ts')).revocationFacts(...given);

/** Reads now what verifies packages, for who may meet one when the files of the program have been replaced. */
export async function prepareVerification(): Promise<void> {
  await verifying();
}
