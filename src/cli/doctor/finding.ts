import { CrossgapError } from '../../errors.ts';

/** One thing that was looked at. `wrong` keeps something from working, `advice` does not, or not yet. */
export type Finding = {
  readonly level: 'good' | 'advice' | 'wrong';
  readonly about:
    | 'instance'
    | 'keys'
    | 'certificate'
    | 'folder'
    | 'disk'
    | 'daemon'
    | 'log'
    | 'clock'
    | 'link'
    | 'hub'
    | 'scripts'
    | 'source';
  /** The link it is about, by name. */
  readonly link?: string;
  readonly code?: string;
  readonly message: string;
  /** What to do; there is one where something is to be done. */
  readonly hint?: string;
};

type About = Pick<Finding, 'about' | 'link'>;

export const good = (about: Finding['about'], message: string): Finding => ({
  level: 'good',
  about,
  message,
});

export const advice = (about: Finding['about'], message: string, hint: string): Finding => ({
  level: 'advice',
  about,
  message,
  hint,
});

export const wrong = (about: Finding['about'], message: string, hint: string): Finding => ({
  level: 'wrong',
  about,
  message,
  hint,
});

/** What an expected error says; one that nobody expected is a bug, and thrown on. */
export function ofError(about: About, error: unknown): Finding {
  if (!(error instanceof CrossgapError)) throw error;
  const { code, message, hint } = error;
  return { level: 'wrong', ...about, code, message, hint };
}
