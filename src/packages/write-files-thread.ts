import { parentPort } from 'node:worker_threads';
import { writeFiles, type FileBatch } from './write-files.ts';

/** What is told of each batch: nothing where it is written, else the system's error as data. */
export type Written = { readonly message: string; readonly code: unknown; readonly syscall: unknown } | null;

parentPort?.on('message', (batch: FileBatch) => {
  parentPort?.postMessage(outcome(batch));
});

function outcome(batch: FileBatch): Written {
  try {
    writeFiles(batch);
    return null;
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error && 'code' in error)) throw error;
    const { message, code, syscall } = error;
    return { message, code, syscall };
  }
}
