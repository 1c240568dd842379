import type { SyncErrorCode } from './errors.ts';

/** One thing that was looked at. `wrong` keeps links from working, `advice` does not. */
export type HubFinding = {
  readonly level: 'good' | 'advice' | 'wrong';
  readonly about: 'encryption' | 'version' | 'jetstream' | 'payload' | 'replicas';
  readonly message: string;
  readonly hint?: string;
  readonly code?: SyncErrorCode;
};
