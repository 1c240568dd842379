import { SaxesParser } from 'saxes';
import { parseAllDocuments } from 'yaml';
import { setStructuredVariables } from '../src/config-files/index.ts';
import { VariableSet } from '../src/variables/index.ts';
import { milliseconds, peakMiB, profiled } from './measured.ts';
import type { Figure, Measurement } from './measurement.ts';

const variablesCount = 200;

type Format = {
  readonly file: string;
  readonly document: (items: number) => string;
  /** The name of a variable that sets something in the item. */
  readonly name: (item: number) => string;
  readonly baseline: (text: string) => unknown;
};

const formats: Readonly<Record<string, Format>> = {
  JSON: {
    file: 'a.json',
    document: (items) =>
      JSON.stringify(
        list(items, (n) => ({ name: `item ${n}`, port: n, inner: { host: 'localhost', on: true } })),
        null,
        2,
      ),
    name: (item) => `${item}:inner:host`,
    baseline: (text) => JSON.stringify(JSON.parse(text), null, 2),
  },
  YAML: {
    file: 'a.yaml',
    document: (items) =>
      list(
        items,
        (n) => `item${n}:\n  port: ${n} # kept\n  inner:\n    host: localhost\n    on: true\n`,
      ).join(''),
    name: (item) => `item${item}:inner:host`,
    baseline: (text) => parseAllDocuments(text),
  },
  properties: {
    file: 'a.properties',
    document: (items) =>
      list(items, (n) => `# item\nitem.${n}.host = localhost\nitem.${n}.port=${n}\n`).join(''),
    name: (item) => `item.${item}.host`,
    baseline: (text) => text.split('\n').map((line) => line.split('=', 2)),
  },
  XML: {
    file: 'a.xml',
    document: (items) =>
      `<all>\n${list(items, (n) => `  <item${n} port="${n}"><host>localhost</host></item${n}>\n`).join('')}</all>\n`,
    name: (item) => `/all/item${item}/host`,
    baseline: (text) => new SaxesParser({ xmlns: true }).write(text).close(),
  },
};

export const measurement: Measurement = {
  what: 'structured variables: 200 of them set by path',
  baseline: 'reading the same text once: JSON.parse and stringify, the yaml library, lines split at =, saxes',
  how: 'A file of the given size in each format is read and set four times; the fastest counts.',
  unit: 'bytes',
  sizes: [250_000, 500_000, 1_000_000, 2_000_000],
  measure: async (_folder, size) => {
    const figures: Figure[] = [];
    const timeIn: string[] = [];
    for (const [format, { file, document, name, baseline }] of Object.entries(formats)) {
      const items = Math.round(size / (document(1000).length / 1000));
      const text = document(items);
      const bytes = Buffer.from(text);
      const variables = new VariableSet();
      const every = Math.floor(items / variablesCount);
      for (let n = 0; n < variablesCount; n += 1) variables.set(name(n * every), `host ${n}`);
      const set = (): unknown => setStructuredVariables(file, bytes, variables);
      const ours = await fastest(set);
      figures.push({ name: format, unit: 'ms', ours, baseline: await fastest(() => baseline(text)) });
      timeIn.push(`${format}: ${(await profiled(set)).slice(0, 2).join(', ')}`);
    }
    return { figures, peakMiB: { 'all formats': peakMiB() }, timeIn };
  },
};

function list<Item>(length: number, item: (n: number) => Item): Item[] {
  return Array.from({ length }, (_, n) => item(n));
}

async function fastest(work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < 4; n += 1) times.push(await milliseconds(work));
  return Math.min(...times);
}
