import type { Filter } from './filter.ts';

/** Filters that make text safe inside some other notation. None takes an option. */
export const escapeFilters = {
  htmlescape: escape((text) => replaceUnits(text, /[&<>"'/]/g, { ...xml, '/': '&#x2F;' })),
  xmlescape: escape((text) => replaceUnits(text, /[&<>"']/g, xml)),
  jsonescape: escape((text) => replaceUnits(text, /["\\\r\n\t]/g, json)),
  yamlsinglequoteescape: escape((text) =>
    text
      .replaceAll(/(?:\r?\n)+/g, (run) => (run.startsWith('\r') ? '\r\n' : '\n') + run)
      .replaceAll("'", "''"),
  ),
  yamldoublequoteescape: escape((text) =>
    text.replaceAll(/["\\]|[^\u0020-\u007e]/g, (unit) => json[unit] ?? hex(unit)),
  ),
  propertieskeyescape: escape((text) =>
    text.replaceAll(/[ :=\\\r\n\t\u00ff-\uffff]/g, (unit) =>
      ' :='.includes(unit) ? `\\${unit}` : (json[unit] ?? hex(unit)),
    ),
  ),
  propertiesvalueescape: escape((text) =>
    text.replaceAll(/^ |[\\\r\n\t\u00ff-\uffff]/g, (unit) =>
      unit === ' ' ? '\\ ' : (json[unit] ?? hex(unit)),
    ),
  ),
  uriescape: escape((text) =>
    text.replaceAll(/[^A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]+/g, (run) => percent(run)),
  ),
  uridataescape: escape((text) => text.replaceAll(/[^A-Za-z0-9\-._~]+/g, (run) => percent(run))),
} satisfies Record<string, Filter>;

/** A text as each of them writes it. */
export function everyEscape(text: string): string[] {
  return Object.values(escapeFilters).flatMap((filter) => filter(text, []) ?? []);
}

const xml: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
const json: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\r': '\\r',
  '\n': '\\n',
  '\t': '\\t',
};

function escape(
  rule: (text: string) => string,
): (input: string | undefined, options: readonly string[]) => string | undefined {
  return (input, options) => (input === undefined || options.length > 0 ? undefined : rule(input));
}

function replaceUnits(text: string, units: RegExp, by: Readonly<Record<string, string>>): string {
  return text.replaceAll(units, (unit) => by[unit]!);
}

const hex = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** UTF-8, percent-encoded in upper-case hex; half a surrogate pair counts as the replacement character. */
function percent(run: string): string {
  return Array.from(
    Buffer.from(run, 'utf8'),
    (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');
}
