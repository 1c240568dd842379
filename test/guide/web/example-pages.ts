import type { Ending, Page } from '../../../src/guide/index.ts';
import { aField, aPage } from './scripted-guide.ts';

/** One page of each kind, with everything that a block, field or action can be. */

const ways = [
  { id: 'back', label: 'Back', about: null },
  { id: 'leave', label: 'Leave', about: null },
];
const of = 9;

export const verifying: Page = aPage({
  id: 'about',
  title: 'Welcome',
  place: { at: 1, of },
  blocks: [
    {
      kind: 'text',
      text: 'This file installs a release on this machine. It is checked first, byte by byte.',
    },
    {
      kind: 'facts',
      facts: [
        ['File', '/media/stick/orders-3.2.0-installer'],
        ['Size', '1.1 GB'],
        ['Keeps what it needs in', '/var/lib/crossgap'],
      ],
    },
    { kind: 'progress', done: { what: 'Verifying', done: 431, of: 1100 }, lines: [] },
  ],
  actions: [{ id: 'leave', label: 'Leave', about: null }],
  isBusy: true,
});

export const maker: Page = aPage({
  id: 'maker',
  title: 'Who made this file',
  place: { at: 2, of },
  blocks: [
    {
      kind: 'text',
      text: 'The file says that it comes from Acme Software, and is signed all over by this certificate:',
    },
    {
      kind: 'facts',
      facts: [
        ['Company', 'CN=Acme Software GmbH, O=Acme, C=DE'],
        ['Six words', 'sunset marble anchor violin copper tundra'],
        ['Fingerprint', '5f0c4a51b7d29ab1 5dbb0e8c7a32c8c9 0adf2c1b99c2e0d7 a1f4f3e6c0de1b22'],
      ],
    },
    {
      kind: 'notice',
      tone: 'warning',
      text: 'Nobody at this site has believed it before. Ask by phone for the six words, from a number you know.',
    },
  ],
  fields: [
    aField({ name: 'words', label: 'The six words, as told by phone', help: 'Not copied from this page.' }),
  ],
  actions: [{ id: 'next', label: 'They are the same', about: null }, ...ways],
});

export const release: Page = aPage({
  id: 'release',
  title: 'Orders 3.2.0',
  place: { at: 3, of },
  blocks: [
    {
      kind: 'facts',
      facts: [
        ['Runs here now', '3.1.4, since 2 March 2026'],
        ['Expected to take', 'about 4 min'],
      ],
    },
    { kind: 'heading', text: 'What changes' },
    {
      kind: 'list',
      items: ['Step “Warm up” is new', 'Package Orders.Web 3.1.4 becomes 3.2.0', 'Input “Smtp.Host” is new'],
    },
    { kind: 'heading', text: 'What runs' },
    {
      kind: 'verbatim',
      title: 'Stop service, bash, unchanged',
      text: 'systemctl stop orders || true\n',
    },
    {
      kind: 'verbatim',
      title: 'Web, post-deploy, python, new',
      text: Array.from({ length: 30 }, (_, n) => `print("line ${n + 1}")`).join('\n'),
    },
    {
      kind: 'notice',
      tone: 'note',
      text: 'Nothing of it runs before all checks have passed and you have said so.',
    },
  ],
  actions: [{ id: 'next', label: 'Go on', about: null }, ...ways],
});

const password = aField({
  name: 'ConnectionStrings.Main',
  label: 'Main database',
  help: 'As your DBA wrote it down',
  secret: true,
  mayBeShown: true,
});

export const inputs: Page = aPage({
  id: 'inputs',
  title: 'Database and site',
  place: { at: 4, of },
  blocks: [{ kind: 'text', text: 'What only this site knows. Passwords stay on this machine.' }],
  fields: [
    password,
    aField({ name: 'Api.Key', label: 'Key of the payment service', secret: true, isKept: true }),
    aField({ name: 'Site.Port', label: 'Port', type: 'port', value: '8080' }),
    aField({
      name: 'Site.Root',
      label: 'Folder',
      type: 'path',
      value: '/srv/orders',
      help: 'Made if it is not there.',
    }),
    aField({ name: 'Smtp.Host', label: 'Mail server', required: false }),
    aField({ name: 'Tls', label: 'Use TLS', type: 'boolean', value: 'true' }),
    aField({
      name: 'Log.Level',
      label: 'Log level',
      type: 'choice',
      value: 'Warning',
      choices: ['Debug', 'Warning', 'Error'].map((value) => ({ value, label: value })),
    }),
    aField({
      name: 'Region',
      label: 'Region',
      type: 'choice',
      required: false,
      choices: ['de-BY', 'de-HE', 'de-NW', 'de-SN', 'de-BE', 'de-HH'].map((value) => ({
        value,
        label: value,
      })),
    }),
  ],
  actions: [
    { id: 'next', label: 'Go on', about: null },
    { id: 'try', label: 'Try the database', about: null },
    ...ways,
  ],
});

export const inputsWrong: Page = {
  ...inputs,
  fields: inputs.fields.map((field) => {
    if (field.name === 'ConnectionStrings.Main') return { ...field, problem: 'Main database is needed' };
    if (field.name === 'Site.Port')
      return { ...field, value: '80800', problem: 'Port must be a port, 1 to 65535' };
    return field;
  }),
};

export const checks: Page = aPage({
  id: 'checks',
  title: 'Checks',
  place: { at: 5, of },
  blocks: [
    { kind: 'text', text: 'Nothing has been touched yet. All of these must be good before anything is.' },
    {
      kind: 'checks',
      checks: [
        {
          id: 'space',
          name: 'Space on /srv',
          state: 'good',
          found: '18.2 GB free, 1.9 GB are needed',
          hint: null,
        },
        {
          id: 'clock',
          name: 'Clock',
          state: 'note',
          found: 'it stands two years before the release was made',
          hint: 'Set it when you can; the installation does not depend on it.',
        },
        {
          id: 'port',
          name: 'Port 8080',
          state: 'lacking',
          found: 'nginx (pid 812) listens there',
          hint: 'End it, or go back and give another port.',
        },
        { id: 'bash', name: 'bash', state: 'good', found: '5.2.37', hint: null },
      ],
    },
    { kind: 'notice', tone: 'problem', text: 'One thing is lacking. Mend it, then look again.' },
  ],
  actions: [{ id: 'again', label: 'Look again', about: null }, ...ways],
});

export const running: Page = aPage({
  id: 'running',
  title: 'Installing Orders 3.2.0',
  place: { at: 7, of },
  blocks: [
    {
      kind: 'progress',
      done: { what: 'Step 3 of 6: Web', done: 2, of: 6 },
      lines: [
        { tone: 'strong', text: 'Step 1 of 6: Stop service' },
        { tone: 'plain', text: '10 Deploy scripts' },
        { tone: 'good', text: 'done, 1.2 s' },
        { tone: 'strong', text: 'Step 2 of 6: Database' },
        { tone: 'plain', text: '1 Extract package' },
        { tone: 'plain', text: '5 Substitute in files' },
        { tone: 'bad', text: 'retry 1 of 2: exit code 1' },
        { tone: 'good', text: 'done, 32 s' },
        { tone: 'strong', text: 'Step 3 of 6: Web' },
        { tone: 'plain', text: '1 Extract package' },
        { tone: 'plain', text: '8 Copy to the install folder' },
      ],
    },
  ],
  actions: [
    {
      id: 'stop',
      label: 'Stop',
      about: 'The run is then interrupted, and goes on where it stopped when you say so.',
    },
  ],
  isBusy: true,
});

export const decision: Page = aPage({
  id: 'interrupted',
  title: 'The last run came to no end',
  place: null,
  blocks: [
    {
      kind: 'notice',
      tone: 'problem',
      text: 'Interrupted in step 3 of 6, Web, at convention 8 of 15. Steps 1 and 2 are done.',
    },
  ],
  fields: [aField({ name: 'note', label: 'A note for the record', type: 'long-text', required: false })],
  actions: [
    { id: 'resume', label: 'Resume', about: 'Goes on with step 3, with the same plan and answers.' },
    { id: 'start-over', label: 'Start over', about: 'From step 1 again, with today’s answers.' },
    {
      id: 'roll-back',
      label: 'Roll back to 3.1.4',
      about: 'By its own process and with its packages, which are still here.',
    },
    { id: 'leave', label: 'Leave', about: 'Everything stays as it is.' },
  ],
  mustChoose: true,
});

export const ending: Ending = {
  exitCode: 0,
  document: {},
  text: [
    'Orders 3.2.0 is installed',
    'It took 3 min 12 s.',
    'The result file is /media/stick/plant-7.cgx: give it to the courier.',
  ],
};

export const examples = {
  verifying,
  maker,
  release,
  inputs,
  'inputs-wrong': inputsWrong,
  checks,
  running,
  decision,
};
