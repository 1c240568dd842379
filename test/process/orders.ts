import {
  ProcessFileError,
  readProcessFile,
  type Problem,
  type ProcessFile,
} from '../../src/process/index.ts';

/** A process that uses every key this version can act on. */
export const orders = `process: Orders
local:
  publish-when: { deployed-to: [integration, qa], tests: passed, verdict: ok }
  variables: { Sandbox.Key: abc }
inputs:
  ConnectionStrings.Main: { label: Main database, help: "As your DBA wrote it down", secret: true }
  Site.Port: { type: port, default: 8080 }
  Smtp.Host: { required: false }
  Colour: { type: choice, choices: [red, green] }
  Plain:
variables:
  Site.Title: "Orders #{Octopus.Release.Number}"
  10: ten
  Version: 1.10
  Log.Level:
    - { value: Debug, environments: [integration, uat] }
    - { value: Verbose, tags: [test] }
    - { value: Warning }
steps:
  - name: Stop service
    id: stop-service
    run: { bash: "systemctl stop orders || true" }
  - name: Web
    package: Orders.Web
    features:
      substitute-in-files: ["**/*.json"]
      config-variables: true
      install-to: { folder: "/srv/orders", purge: true, keep: [App_Data] }
    scripts: { pre-deploy: { bash: echo pre }, deploy: { bash: { file: deploy.sh }, powershell: b }, post-deploy: { python: c } }
    properties: { Octopus.Action.Package.SkipIfAlreadyInstalled: "True" }
    when: always
    environments: [uat, production]
    required: true
    time-limit: 1h30m
    retries: 2
`;

/** Stands in for the variables room: plain tokens alone. */
export const namesIn = (text: string): string[] =>
  [...text.matchAll(/#\{([\w.]+)\}/g)].map((match) => match[1]!);

export function read(
  text: string | Uint8Array,
  readScript: (path: string) => string = (path) => `echo ${path}\n`,
): ProcessFile {
  return readProcessFile({ path: 'orders.yaml', text, readScript, namesIn });
}

/** The problems of a file that must have some, as `line:column message`. */
export function problemsOf(text: string | Uint8Array, readScript?: (path: string) => string): string[] {
  return refusalOf(text, readScript).problems.map(
    ({ line, column, message }: Problem) => `${line}:${column} ${message}`,
  );
}

export function refusalOf(
  text: string | Uint8Array,
  readScript?: (path: string) => string,
): ProcessFileError {
  try {
    read(text, readScript);
  } catch (error) {
    if (error instanceof ProcessFileError) return error;
    throw error;
  }
  throw new Error('the process file was taken');
}

/** The smallest process with more keys at the top or in its one step. */
export const small = (top: string, step = ''): string =>
  `process: P\n${top}${top === '' ? '' : '\n'}steps:\n  - name: One\n    run: { bash: echo }\n${step}`;
