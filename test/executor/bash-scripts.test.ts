import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { runText, scriptHosts } from '../support/scripts-hosts.ts';

const bash = scriptHosts.find(({ name }) => name === 'Bash')!;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('a script opens its output streams again by name, as scripts do', async () => {
  using folder = temporaryFolder();
  const text = 'echo one > /dev/stdout\necho two > /dev/stderr\necho three | tee /dev/stderr';
  const { said } = await runText(bash, folder.path, { text });
  expect(said.filter(([level]) => level === 'info').map(([, line]) => line)).toEqual(['one', 'three']);
  expect(said.filter(([level]) => level === 'error').map(([, line]) => line)).toEqual(['two', 'three']);
});

test('bash names are case-sensitive, an unknown one is empty, one with NUL is an error that says so', async () => {
  using folder = temporaryFolder();
  const text =
    'set -euo pipefail\necho "[$(get_octopusvariable name)] [$(get_octopusvariable Name)]"\nget_octopusvariable Nul';
  const { said, exitCode } = await runText(bash, folder.path, {
    text,
    variables: { Name: 'x', Nul: 'a\0b' },
  });
  expect(said).toEqual([
    ['info', '[] [x]'],
    ['error', "The value of Nul holds a NUL character, which Bash can't carry"],
  ]);
  expect(exitCode).toBe(1);
});

test('the values pipe is closed before the script starts, and nothing of the start is left in its variables', async () => {
  using folder = temporaryFolder();
  const text = '[ -e /proc/$$/fd/3 ] && echo pipe; declare -p | grep -c canary; echo "$0"';
  for (const asked of [{ text }, { body: text }]) {
    const { said } = await runText(bash, folder.path, { ...asked, variables: { Long: 'canary' } });
    // The table itself is the one place where a value stands.
    expect(said.map(([, line]) => line)).toEqual(['1', `${folder.path}/a folder/It's a $script.sh`]);
  }
});

test('a script given as text keeps its line numbers, forgets itself and may begin with a line for the shell', async () => {
  using folder = temporaryFolder();
  const body =
    '#!/bin/bash\necho "line $LINENO"\ndeclare -p | grep -c "line [$]LINENO"\ncat <<END\nhere\nEND';
  const { said, exitCode } = await runText(bash, folder.path, { body });
  expect(exitCode).toBe(0);
  expect(said.map(([, line]) => line)).toEqual(['line 2', '0', 'here']);
});

test('an artifact that is not there is an error in Bash', async () => {
  using folder = temporaryFolder();
  const ran = await runText(bash, folder.path, { text: 'new_octopusartifact nothing.xml' });
  expect(ran).toMatchObject({ exitCode: 1, artifacts: [] });
  expect(ran.said).toEqual([['error', 'There is no file nothing.xml to collect as an artifact']]);
});

test('an artifact is named from where the script stands, and is called like its file', async () => {
  using folder = temporaryFolder();
  const ran = await runText(bash, folder.path, { text: 'echo x > out.xml; new_octopusartifact out.xml' });
  const path = `${folder.path}/a folder/out.xml`;
  expect(ran.artifacts).toEqual([[path, 'out.xml']]);
  expect(ran.said).toEqual([
    ['verbose', `Artifact out.xml will be collected from ${path} after this step completes`],
  ]);
});

test('what asks for machines of a server, or reports to one, is told to have no effect', async () => {
  using folder = temporaryFolder();
  const text = [
    'new_octopustarget -n web-1 --target-id t --inputs "{}" --roles web --update-if-existing --worker-pool p',
    'remove-octopustarget web-1',
    `report_kubernetes_manifest $'a: 1\\n---\\nb: 2' shop`,
    'report_kubernetes_manifest_file none.yaml',
  ].join('\n');
  const { said, exitCode } = await runText(bash, folder.path, { text });
  expect(exitCode).toBe(0);
  expect(said.map(([level, line]) => `${level} ${line.split(':')[0]}`)).toEqual([
    'warning The service message createStepPackageTarget has no effect here',
    'warning The service message delete-target has no effect here',
    'verbose The service message k8s-manifest-applied has no effect here',
    'verbose The service message k8s-manifest-applied has no effect here',
    `verbose No Kubernetes manifest file was found at 'none.yaml'.`,
  ]);
  const wrong = await runText(bash, folder.path, { text: 'new_octopustarget --rolls web' });
  expect(wrong).toMatchObject({
    exitCode: 1,
    said: [['error', 'new_octopustarget knows no option --rolls']],
  });
});

test('what Octopus offers for its own encryption answers here too', async () => {
  using folder = temporaryFolder();
  const text = [
    `encode_servicemessagevalue 'ü'; echo`,
    `decode_servicemessagevalue '${base64('ü')}'; echo`,
    'decrypt_variable a b',
  ].join('\n');
  const { said, exitCode } = await runText(bash, folder.path, { text });
  expect(said).toEqual([
    ['info', base64('ü')],
    ['info', 'ü'],
    ['error', 'Nothing is encrypted for a script here; get_octopusvariable gives every value'],
  ]);
  expect(exitCode).toBe(1);
});

test('a message in the middle of a line counts, one that is none is a line', async () => {
  using folder = temporaryFolder();
  const text = [
    `printf 'no end of line'; set_octopusvariable A b`,
    `echo "##octopus[setVariable name='A']"`,
    `echo "##octopus[setVariable value='${base64('b')}']"`,
    `echo "##octopus[set-environmentstate value='${base64('b')}']"`,
    `echo "##octopus[createArtifact name='${base64('b')}']"`,
    `echo "##octopus[calamari-timed-operation]"`,
  ].join('\n');
  const ran = await runText(bash, folder.path, { text });
  expect(ran.outputs).toEqual([['A', 'b', false]]);
  expect(ran.said).toEqual([
    ['info', 'no end of line'],
    ['info', `##octopus[setVariable name='A']`],
    ['warning', 'A setVariable message has no name and is ignored'],
    ['warning', 'A set-environmentstate message has no key and is ignored'],
    ['warning', 'A createArtifact message has no path and is ignored'],
    ['verbose', 'The service message calamari-timed-operation has no effect here'],
  ]);
});

test('a last line without end, and bytes that are no text, are read too', async () => {
  using folder = temporaryFolder();
  const { said } = await runText(bash, folder.path, { text: "printf 'a\\xffb\\nlast'" });
  expect(said.map(([, line]) => line)).toEqual(['a\ufffdb', 'last']);
});

test('output of Windows tools in UTF-16 is read between lines of UTF-8', async () => {
  using folder = temporaryFolder();
  const text = [
    'echo before',
    `printf 'Größe 上海\\r\\nzwei\\r\\n' | iconv -t UTF-16LE`,
    'echo after',
    `printf 'oops' | iconv -t UTF-16LE >&2`,
  ].join('\n');
  const { said } = await runText(bash, folder.path, { text });
  expect(said.map(([, line]) => line)).toEqual(['before', 'Größe 上海', 'zwei', 'after', 'oops']);
});
