import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Who may see the guide: the browser that opened the one-time address, and no other program of this machine. Cookies
 * are the same for all ports of a host, so each program that serves pages here would be sent ours: a path that nobody
 * else knows keeps it from them.
 */
export type Entrance = {
  /** Below this path the guide is; no secret by itself, and nothing without the cookie. */
  readonly place: string;
  /** The path of a new one-time address. The one before leads nowhere from then on. */
  invite(): string;
  /** Opens a one-time address; whoever came in by an earlier one is out. */
  exchange(token: string): Exchange;
  /** Whether a `Cookie` header is that of the browser that came in last. */
  isIn(cookie: string | undefined): boolean;
  /** Whether anybody came in yet. */
  readonly isEntered: boolean;
};

export type Exchange =
  | { readonly kind: 'entered'; readonly cookies: readonly string[] }
  | { readonly kind: 'used' | 'unknown' };

export const startPath = '/start/';
const cookieName = 'crossgap-installer';

/** Longer than an installation takes, also one that waits for somebody over night. */
const cookieSeconds = 48 * 3600;

/** 192 bits, as a path and a cookie can carry them. */
const secret = (): string => randomBytes(24).toString('base64url');
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** An entrance through which nobody has come yet. Only digests of what opens it are kept. */
export function entrance(): Entrance {
  const place = `/${secret()}/`;
  const used: Buffer[] = [];
  let invited: Buffer | undefined;
  let inside: Buffer | undefined;
  const isOneOf = (known: readonly Buffer[], text: string): boolean => {
    const asked = digest(text);
    return known.some((one) => timingSafeEqual(one, asked));
  };

  return {
    place,
    invite() {
      const token = secret();
      invited = digest(token);
      return startPath + token;
    },
    exchange(token) {
      if (isOneOf(used, token)) return { kind: 'used' };
      if (invited === undefined || !isOneOf([invited], token)) return { kind: 'unknown' };
      used.push(invited);
      invited = undefined;
      const value = secret();
      inside = digest(value);
      const cookie = (path: string): string =>
        `${cookieName}=${value}; Path=${path}; Max-Age=${cookieSeconds}; HttpOnly; SameSite=Strict`;
      // The second one lets the same browser find its way back from the address it came by.
      return { kind: 'entered', cookies: [cookie(place), cookie(startPath + token)] };
    },
    isIn(cookie) {
      if (inside === undefined) return false;
      return valuesIn(cookie ?? '').some((value) => isOneOf([inside!], value));
    },
    get isEntered() {
      return inside !== undefined;
    },
  };
}

/** All values of our name: another program of this machine can put one of its own beside ours. */
function valuesIn(cookie: string): readonly string[] {
  return cookie
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${cookieName}=`))
    .map((pair) => pair.slice(cookieName.length + 1));
}
