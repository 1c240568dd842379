import { NugetError, type NugetErrorCode } from '../errors.ts';
import { shown, type HttpRepository } from './repository.ts';

/** What is said of a repository that could not be used, in its name. */
export type Failed = {
  readonly code: NugetErrorCode;
  readonly because: string;
  readonly hint: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
};

/** An error about a repository, by its name. */
export function failure(
  { name }: { readonly name: string },
  { code, because, ...facts }: Failed,
): NugetError {
  const { details, ...rest } = facts;
  return new NugetError(code, `Cannot use repository ${name}: ${because}`, {
    ...rest,
    details: { repository: name, ...details },
  });
}

const tlsCode =
  /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH|EPROTO|INVALID_CA)/;
const nameCode = /^(ENOTFOUND|EAI_)/;

/** What a connection that broke, or never came about, is in words. */
export function connectionFailure(repository: HttpRepository, url: URL, cause: unknown): NugetError {
  if (cause instanceof NugetError) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const said = cause instanceof Error ? cause.message || code : String(cause);
  const where = `${url.protocol}//${url.host}`;
  const details = { address: where, code };
  if (tlsCode.test(code))
    return failure(repository, {
      code: 'SOURCE_TLS_REFUSED',
      because: `its certificate, or how it speaks TLS, is not to be believed (${code}: ${said})`,
      hint: 'Where the company has an authority of its own, name its certificate: `ca = "FILE.pem"` in the [[source]].',
      details,
      cause,
    });
  if (nameCode.test(code))
    return failure(repository, {
      code: 'SOURCE_UNREACHABLE',
      because: `the name ${url.hostname} is not known here (${code})`,
      hint: 'Check the address in the [[source]], and whether this machine resolves that name.',
      details,
      cause,
    });
  if (code.startsWith('HPE_') || code.startsWith('Z_'))
    return failure(repository, {
      code: 'SOURCE_ANSWER_UNFIT',
      because: `${where} does not answer as HTTP has it (${code})`,
      hint: 'Check the port, and whether the address begins with https.',
      details,
      cause,
    });
  return failure(repository, {
    code: 'SOURCE_UNREACHABLE',
    because: `${where} can't be reached, or hung up (${said})`,
    hint: 'See that it runs, and that the way there (port, firewall, proxy) is open; it is tried again.',
    details,
    cause,
  });
}

/** A repository that is too slow, or does not answer at all. */
export function slowFailure(repository: HttpRepository, url: URL, ms: number): NugetError {
  return failure(repository, {
    code: 'SOURCE_SLOW',
    because: `${url.host} did not answer within ${Math.round(ms / 1000)} s`,
    hint: 'See how it does; it is tried again.',
    details: { address: `${url.protocol}//${url.host}`, waitedMs: ms },
  });
}

/** What a status means that is no success and nothing special where it came. */
export function statusFailure(
  repository: HttpRepository,
  url: URL,
  status: number,
  facts: { readonly told?: string; readonly retryAfterMs?: number; readonly wasKnown: boolean },
): NugetError {
  const { told = '', retryAfterMs, wasKnown } = facts;
  const says = told === '' ? '' : `: ${told}`;
  const details = { status, url: shown(url), ...(retryAfterMs !== undefined && { retryAfterMs }) };
  const of = (code: NugetErrorCode, because: string, hint: string): NugetError =>
    failure(repository, { code, because, hint, details });
  if (status === 401)
    return wasKnown
      ? of(
          'SOURCE_UNAUTHORIZED',
          `it does not take our user and password (401${says})`,
          `Set them again: \`user\` in the [[source]], and \`crossgap source secret ${repository.name}\`.`,
        )
      : of(
          'SOURCE_UNAUTHORIZED',
          `${url.host} wants to know who asks (401${says})`,
          `Name a \`user\` in the [[source]], and set the password: \`crossgap source secret ${repository.name}\`.`,
        );
  if (status === 403)
    return of(
      'SOURCE_FORBIDDEN',
      `this account, or this key, may not do that there (403${says})`,
      'Ask whoever runs the repository for the right to read and, for pushes, to publish.',
    );
  if (status === 407)
    return of(
      'SOURCE_UNREACHABLE',
      `a proxy on the way wants to know who asks (407${says})`,
      'Ask for a way through that needs no log-in for this machine.',
    );
  if (isPassing(status))
    return of(
      'SOURCE_FAILING',
      `it has no answer at the moment (${status}${says})`,
      'See how it does; it is tried again.',
    );
  return of(
    'SOURCE_ANSWER_UNFIT',
    `it answers ${status} where a feed would not${says}`,
    'Check the address in the [[source]].',
  );
}

/** Whether a status is one of those that pass by themselves. */
export function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}
