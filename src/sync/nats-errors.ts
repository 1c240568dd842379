import { JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { SyncError, systemCode, type SyncErrorCode } from './errors.ts';

/** What went wrong while a hub was dialled, in words that somebody can act on. */
export function dialError(url: string, error: unknown): SyncError {
  if (error instanceof SyncError) return error;
  const said = textOf(error);
  const system = systemCodeBelow(error);
  const fail = (code: SyncErrorCode, what: string, hint: string): SyncError =>
    new SyncError(code, `Cannot connect to ${url}: ${what}`, {
      hint,
      details: { url, system },
      cause: error,
    });
  if (error instanceof errors.AuthorizationError || /authorization violation/i.test(said))
    return fail(
      'HUB_CREDENTIAL_REFUSED',
      'the server refuses our credential',
      'Whoever runs the server adds this instance there and reloads it; it is tried again meanwhile.',
    );
  if (/does not support 'tls'|not available on this server/i.test(said))
    return fail(
      'HUB_CLEAR_TEXT',
      'the server offers no TLS, or something on the way took it out',
      'Nothing was sent; whoever runs the server turns TLS on there.',
    );
  if (certificateCodes.test(`${system} ${said}`))
    return fail(
      'HUB_CERTIFICATE_REFUSED',
      `its certificate is not good for that name (${said})`,
      "Compare the server's certificate with the CA of the invitation; if neither was changed, somebody stands between.",
    );
  const reason = reasons.find(([pattern]) => pattern.test(`${system} ${said}`))?.[1] ?? said;
  return fail(
    'HUB_UNREACHABLE',
    reason,
    'See that the name, the port and the way there (firewall, proxy) are right; it is tried again.',
  );
}

/** What went wrong with a request to a hub that we are connected to. */
export function requestError(what: string, reported: unknown): Error {
  if (reported instanceof SyncError) return reported;
  const wrapped = reported instanceof errors.RequestError && reported.cause instanceof Error;
  const error = wrapped ? reported.cause : reported;
  const fail = (code: SyncErrorCode, reason: string, hint: string): SyncError =>
    new SyncError(code, `Cannot ${what}: ${reason}`, {
      hint,
      details: error instanceof JetStreamApiError ? { errCode: error.code } : {},
      cause: error,
    });
  if (error instanceof errors.PermissionViolationError)
    return fail(
      'HUB_NOT_PERMITTED',
      `our credential may not ${error.operation} ${error.subject}`,
      'Whoever runs the server renews its configuration with `crossgap hub config` and reloads it.',
    );
  if (error instanceof JetStreamApiError) {
    if (missingCodes.has(error.code)) return notPrepared(what, error.message, error);
    if (fullCodes.has(error.code))
      return fail(
        'HUB_FULL',
        `the server says ${error.message}`,
        'Give the server more space, or the links less of it; it is tried again.',
      );
    return fail('HUB_REFUSED', `the server says ${error.message}`, 'It is tried again.');
  }
  if (!(error instanceof Error)) return fail('HUB_REFUSED', 'it gives no reason', 'It is tried again.');
  // No stream listens on the subject: the client's own words for it are about something else.
  if (error.name === 'JetStreamNotEnabled' || error instanceof errors.NoRespondersError)
    return notPrepared(what, 'no stream listens there', error);
  if (error instanceof errors.TimeoutError)
    return fail(
      'HUB_SILENT',
      'the server is connected and does not answer',
      "See the server's log, and whether its disk is well; it is tried again.",
    );
  if (connectionErrors.has(error.name))
    return fail('HUB_UNREACHABLE', 'the connection ended meanwhile', 'It is made again, and this with it.');
  return fail('HUB_REFUSED', error.message, 'It is tried again.');
}

/** The hub has no stream or no durable for the link. */
export function notPrepared(what: string, reason: string, cause?: unknown): SyncError {
  return new SyncError(
    'HUB_NOT_PREPARED',
    `Cannot ${what}: the hub is not prepared for the link: ${reason}`,
    {
      hint: "On the hub's side run `crossgap hub apply`; nothing is lost, and it is tried again.",
      details: cause instanceof JetStreamApiError ? { errCode: cause.code } : {},
      cause,
    },
  );
}

const connectionErrors = new Set([
  'ClosedConnectionError',
  'DrainingConnectionError',
  'ConnectionError',
  'RequestError',
]);
const missingCodes = new Set([10014, 10059, 10039, 10076]);
const fullCodes = new Set([10002, 10023, 10026, 10027, 10028, 10047, 10077]);
const certificateCodes =
  /CERT|ALTNAME|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|certificate|ERR_SSL|ERR_TLS|EPROTO|wrong version number/i;
const reasons: readonly (readonly [RegExp, string])[] = [
  [/ENOTFOUND|EAI_AGAIN/, 'its name is not known to DNS'],
  [/ECONNREFUSED|connection refused/i, 'nobody listens there'],
  [/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|timeout/i, 'nothing answers there'],
  [/ECONNRESET|EPIPE|socket hang up/, 'the connection was cut'],
];

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the connection was cut';
  return error.message === '' && error.cause instanceof Error ? error.cause.message : error.message;
}

function systemCodeBelow(error: unknown): string {
  const own = systemCode(error);
  if (own !== undefined) return own;
  return error instanceof Error && error.cause !== undefined ? systemCodeBelow(error.cause) : '';
}
