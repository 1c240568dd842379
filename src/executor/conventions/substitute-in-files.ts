import { decodeText, encodeTextOrUtf8, type TextEncoding } from '../../config-files/index.ts';
import { expand, flag, list, pathList } from '../../variables/index.ts';
import { currentFolder, type Done, type Work } from '../convention.ts';
import { ExecutorError } from '../errors.ts';
import { pathMatcher } from '../folder-files.ts';
import { rewriteFiles } from './rewrite-files.ts';

/**
 * Evaluates `#{...}` in the files that the step names; every other byte stays. What can't be resolved stays as
 * written and is told; it fails the step only where `OctopusShouldFailDeploymentOnSubstitutionFails` says so.
 */
export async function substituteInFiles(work: Work): Promise<Done> {
  const patterns = pathList(work.variables, 'Octopus.Action.SubstituteInFiles.TargetFiles');
  const on = list(work.variables, 'Octopus.Action.EnabledFeatures').includes(
    'Octopus.Features.SubstituteInFiles',
  );
  if (!on || patterns.length === 0) return { state: 'feature-off' };
  const folder = currentFolder(work)!;
  const all = work.disk.filesBelow(folder);
  const targets = new Set<string>();
  for (const pattern of patterns) {
    const matched = all.filter(pathMatcher(pattern));
    if (matched.length === 0) work.remark({ kind: 'no-file', pattern, feature: 'substitute-in-files' });
    if (
      matched.length === 0 &&
      flag(work.variables, 'Octopus.Action.SubstituteInFiles.EnableNoMatchWarning', true)
    ) {
      work.log('warning', `No file matches ${pattern}`);
    }
    for (const file of matched) targets.add(file);
  }
  const mustResolve = flag(work.variables, 'OctopusShouldFailDeploymentOnSubstitutionFails', false);
  const asked = outputEncoding(work);
  const unresolved: string[] = [];
  const files = await rewriteFiles(work, folder, [...targets], (bytes, file) => {
    if (isBinary(bytes)) {
      work.log('warning', `${file} is not text and stays as it is`);
      return undefined;
    }
    const { text, encoding } = decodeText(bytes);
    const result = expand(text, work.variables, 'continue');
    if (result.missing.length > 0) {
      work.remark({ kind: 'no-value', where: file, tokens: result.missing });
      const tokens = result.missing.join(', ');
      if (mustResolve) throw incomplete(file, result.missing);
      work.log('verbose', `${file}: no value for ${tokens}`);
      unresolved.push(`${file}: no value for ${tokens}`);
    }
    const encoded = encodeTextOrUtf8(result.text, asked ?? encoding);
    if (encoded.encodingChanged) {
      work.log('warning', `${file} can't express a value in ${(asked ?? encoding).name} and is now UTF-8`);
    }
    return encoded.bytes;
  });
  if (targets.size === 0) return { state: 'nothing-to-do', detail: `no file matches ${patterns.join(', ')}` };
  return { state: 'done', files, ...(unresolved.length > 0 && { detail: unresolved.join('; ') }) };
}

/** Names of encodings as .NET has them; all but windows-1252 then begin with a byte order mark. */
const encodings: Readonly<Record<string, TextEncoding['name']>> = {
  'utf-8': 'utf-8',
  'utf-16': 'utf-16le',
  'utf-16le': 'utf-16le',
  unicode: 'utf-16le',
  'utf-16be': 'utf-16be',
  unicodefffe: 'utf-16be',
  'utf-32': 'utf-32le',
  'utf-32le': 'utf-32le',
  'utf-32be': 'utf-32be',
  'windows-1252': 'windows-1252',
};

/** The encoding that the step asks for, undefined where files keep theirs. */
function outputEncoding(work: Work): TextEncoding | undefined {
  const given = work.variables.get('Octopus.Action.SubstituteInFiles.OutputEncoding')?.trim() ?? '';
  if (given === '') return undefined;
  const name = Object.hasOwn(encodings, given.toLowerCase()) ? encodings[given.toLowerCase()] : undefined;
  if (name !== undefined) return { name, byteOrderMark: name !== 'windows-1252' };
  work.log('warning', `The encoding ${given} is not known; files keep theirs`);
  return undefined;
}

/** Zero bytes, in a file that no byte order mark makes UTF-16 or UTF-32. */
function isBinary(bytes: Buffer): boolean {
  const marked = /^(?:\u00ff\u00fe|\u00fe\u00ff|\0\0\u00fe\u00ff)/.test(bytes.toString('latin1', 0, 4));
  return !marked && bytes.includes(0);
}

function incomplete(file: string, missing: readonly string[]): ExecutorError {
  return new ExecutorError(
    'SUBSTITUTION_INCOMPLETE',
    `Cannot substitute in ${file}: no value for ${missing.join(', ')}`,
    {
      hint: 'Set the variables, or take the flag OctopusShouldFailDeploymentOnSubstitutionFails away.',
      details: { file, missing },
    },
  );
}
