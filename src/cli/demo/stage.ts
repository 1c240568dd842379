import { join } from 'node:path';
import { Company } from './company.ts';
import type { Narrator } from './narrator.ts';

/** Where a story takes place. */
export type Stage = {
  /** An empty folder: the data folders of all parties, the vendor's build and what lies between them are in it. */
  readonly folder: string;
  /** The demo's own files: the application and its process. */
  readonly material: string;
  readonly program: readonly string[];
  readonly narrator: Narrator;
};

/** What is left standing at the end. */
export type Ending = AsyncDisposable & {
  readonly pages: readonly { readonly name: string; readonly url: string }[];
};

/** A party of the story; all of them type in the vendor's build folder, so that relative paths mean the same. */
export function companyOn({ folder, program, narrator }: Stage, name: string, port: number): Company {
  return new Company({
    name,
    data: join(folder, name),
    workFolder: join(folder, 'build'),
    page: { host: '127.0.0.1', port },
    program,
    narrator,
  });
}

/** Tells a story; what it started goes on after a good end, and is ended where it breaks off. */
export async function toTheEnd(tell: () => Promise<void>, ending: Ending): Promise<Ending> {
  try {
    await tell();
    return ending;
  } catch (error) {
    await ending[Symbol.asyncDispose]();
    throw error;
  }
}
