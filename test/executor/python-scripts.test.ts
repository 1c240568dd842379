import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { requires } from '../support/requires.ts';
import { runText, scriptHosts } from '../support/scripts-hosts.ts';

const python = scriptHosts.find(({ name }) => name === 'Python 3')!;

if (requires('python3', 'Python scripts')) {
  test('names are case-sensitive, an unknown one is empty, a value set is there at once', async () => {
    using folder = temporaryFolder();
    const text = [
      'print("[%s] [%s] [%s]" % (get_octopusvariable("name"), octopusvariables["Name"], octopusvariables["x"]))',
      'set_octopusvariable("Name", 7); print(get_octopusvariable("Name"), decode(encode("ü")))',
    ].join('\n');
    const { said, outputs } = await runText(python, folder.path, { text, variables: { Name: 'x' } });
    expect(said.map(([, line]) => line)).toEqual(['[] [x] []', '7 ü']);
    expect(outputs).toEqual([['Name', '7', false]]);
  });

  test('a script is the main module, knows its file and fails where it fails', async () => {
    using folder = temporaryFolder();
    const text =
      'if __name__ == "__main__":\n  import os, sys\n  print(os.path.basename(__file__), len(sys.argv))\n  1 / 0';
    const { said, exitCode } = await runText(python, folder.path, { text });
    const lines = said.map(([, line]) => line);
    expect(lines[0]).toBe(`It's a $script.py 1`);
    expect(lines.at(-1)).toBe('ZeroDivisionError: division by zero');
    expect(lines.join('\n')).not.toContain('bootstrap');
    expect(exitCode).toBe(1);
  });

  test('an artifact that is not there may still come before the step ends', async () => {
    using folder = temporaryFolder();
    const ran = await runText(python, folder.path, { text: `createartifact('later.xml')` });
    expect(ran).toMatchObject({
      exitCode: 0,
      artifacts: [[`${folder.path}/a folder/later.xml`, 'later.xml']],
    });
  });

  test('exit codes are as Python has them', async () => {
    using folder = temporaryFolder();
    const codeOf = async (text: string): Promise<number> =>
      (await runText(python, folder.path, { text })).exitCode;
    expect(await codeOf('exit()')).toBe(0);
    expect(await codeOf('exit("no database")')).toBe(1);
    expect(await codeOf('failstep()')).toBe(255);
  });

  test('two attributes of a progress message have the names that Octopus gives them', async () => {
    using folder = temporaryFolder();
    const ran = await runText(python, folder.path, { text: 'updateprogress(progress=5, message="a")' });
    expect(ran.said).toEqual([['info', '5 % a']]);
  });
}
