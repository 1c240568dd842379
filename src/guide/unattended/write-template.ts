import { isCarried, openRun, releaseName, standingOf, type Known } from '../known.ts';
import { unapproved } from '../scripts.ts';
import type { InputStanding, Standing } from '../site.ts';
import { count } from '../../words.ts';

/** A file of answers to fill in: what is asked, of which type, and what is known or taken where nothing is said. */
export function answersTemplate(known: Known): string {
  const { release, maker, standings } = known;
  const standing = standingOf(known) ?? Object.values(standings)[0];
  const environments = Object.keys(standings);
  return [
    `# Answers for ${releaseName(known)}${maker === null ? '' : ` by ${maker.name}`}. Lines that begin with # are not read.`,
    '# Start it with them: --answers THIS-FILE; add --check to look first and change nothing.',
    '',
    ...(maker === null || maker.believed
      ? []
      : [
          '# Who made it: six words, asked for by phone, or a certificate file that your security officer keeps.',
          'maker: ""',
          '# certificate: FILE',
          '',
        ]),
    ...(maker === null
      ? []
      : ['# What this site is called. It keeps that name.', `name: ${quoted(maker.site.name)}`]),
    ...(environments.length > 1 ? [`# One of ${environments.join(', ')}.`] : []),
    `environment: ${quoted(standing?.environment ?? release?.environments[0] ?? '')}`,
    ...(isCarried(known)
      ? ['# If that is a new one, which neither this site nor the release knows: new-environment: true']
      : []),
    '',
    ...(standing === undefined || standing.inputs.length === 0
      ? []
      : ['values:', ...standing.inputs.flatMap(inputLines)]),
    '',
    ...(standing?.steps.some(({ isManual }) => isManual) === true
      ? [
          '# Steps that a person does: what is answered when it comes to them.',
          'steps:',
          ...manual(standing.steps),
          '',
        ]
      : []),
    ...(standing === undefined ? [] : consent(standing)),
    '# Where a run before was cut off: resume, start-over, roll-back or leave. Without it, nothing is done then.',
    openRun(known) === undefined ? '# if-interrupted: resume' : 'if-interrupted: ""',
    '',
    ...(isCarried(known)
      ? [
          '# The small file for the maker. rating is 1 to 5; log: true sends the masked log.',
          '# result: { file: result.cgx, rating: 5, comment: "", log: false }',
          '',
        ]
      : []),
  ].join('\n');
}

function consent(standing: Standing): string[] {
  const open = unapproved(standing).length;
  if (open === 0) return [];
  const { scripts, consent: of } = standing;
  const need = of.isAsked ? 'needed here' : "without it the maker's signature is enough";
  return [
    `# Its ${count(scripts.length, 'script')}, ${open} not approved here: once they were read, take the # away (${need}).`,
    `# approve-scripts: ${of.set}`,
    '',
  ];
}

function inputLines(input: InputStanding): string[] {
  const { name, label, help, type, choices, secret, required, isKnown, value } = input;
  const kind = secret ? 'a secret' : type === 'choice' ? `one of ${choices.join(', ')}` : type;
  const need = isKnown
    ? 'kept from before'
    : input.default !== null || !required
      ? 'may be left out'
      : 'needed';
  const about = [`${label ?? name} (${kind}, ${need})`, ...(help === null ? [] : [help])].join('. ');
  const stands = isKnown ? value : input.default;
  const line = `${key(name)}: ${secret ? '{ file: "" }' : quoted(stands ?? '')}`;
  return [
    ...about.split(/\r\n|\r|\n/).map((text) => `  # ${text}`),
    secret && !isKnown
      ? `  # Or { env: NAME }, or { command: [PROGRAM, ARGUMENT] }; never the secret itself.`
      : '',
    required && !isKnown && input.default === null ? `  ${line}` : `  # ${line}`,
  ].filter((text) => text !== '');
}

function manual(steps: Standing['steps']): string[] {
  return steps
    .filter(({ isManual }) => isManual)
    .flatMap(({ id, name }) => [`  # ${name}`, `  # ${key(id)}: { answer: approve, by: "", note: "" }`]);
}

const quoted = (text: string): string => (/^[\w/][\w./-]*$/.test(text) ? text : JSON.stringify(text));
const key = (name: string): string => (/^\w[\w.-]*$/.test(name) ? name : JSON.stringify(name));
