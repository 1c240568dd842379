import { execFile } from 'node:child_process';

/** What a program that was asked something came to. */
export type ProgramAnswer = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/** Has a program say something that changes nothing; undefined where it could not be started, or was ended by the signal. */
export async function askProgram(
  program: string,
  words: readonly string[],
  { environment, signal }: { environment: Readonly<Record<string, string>>; signal: AbortSignal },
): Promise<ProgramAnswer | undefined> {
  return await new Promise((resolve) => {
    const options = { env: environment, signal, killSignal: 'SIGKILL', windowsHide: true } as const;
    const child = execFile(program, words, options, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : error.code;
      resolve(typeof exitCode === 'number' ? { exitCode, stdout, stderr } : undefined);
    });
    child.stdin?.end();
  });
}
