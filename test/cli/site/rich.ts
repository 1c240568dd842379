import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packNupkg, signPackage } from '../../../src/packages/index.ts';
import { companyOf } from '../../support/instances.ts';
import type { Person } from '../typed.ts';

/*
 * A release of six steps, as that of the journeys: a script, two packages with every feature that rewrites files, a step
 * that sets output values (one of them sensitive), one that reads them, and a notice.
 */
export const richProcess = (gate: string): string => `process: Shop
inputs:
  Db.Password: { secret: true, label: Main database }
  Target: { type: path }
  Port: { type: port, default: 8080 }
variables:
  Site:Title: "Shop #{Octopus.Release.Number}"
  Connection: "Server=db;Password=#{Db.Password}"
  LogLevel: [{ value: Debug, environments: [test] }, { value: Warning }]
steps:
  - name: Stop
    run: { bash: "echo stopped with \${#CONNECTION}; echo $(get_octopusvariable Db.Password)" }
  - name: Database
    package: Shop.Db
    features: { config-transforms: true, config-variables: true }
  - name: Web
    package: Shop.Web
    features:
      substitute-in-files: ["**/*.txt"]
      structured-variables: [appsettings.json]
      install-to: { folder: "#{Target}", purge: true, keep: [uploads] }
    scripts:
      post-deploy: { bash: "echo installed on port #{Port}" }
  - name: Warm up
    run:
      bash: |
        set_octopusvariable WarmupUrl "http://localhost:$(get_octopusvariable Port)/warm"
        set_octopusvariable Token "$(get_octopusvariable Db.Password)-token" -sensitive
        for n in $(seq 1 8); do set_octopusvariable "Value$n" "v$n"; done
  - name: Smoke test
    run:
      bash: |
        echo "asks $(get_octopusvariable 'Octopus.Action[Warm up].Output.WarmupUrl')"
        [ "$(get_octopusvariable 'Octopus.Action[Warm up].Output.Token')" = "$(get_octopusvariable Db.Password)-token" ]
        if [ -p '${gate}' ]; then read -r _ < '${gate}'; fi
  - name: Notify
    run: { bash: "echo Shop #{Octopus.Release.Number} answers at #{Octopus.Action[Warm up].Output.WarmupUrl}" }
`;

const webConfig = `<?xml version="1.0"?>
<configuration>
  <appSettings><add key="LogLevel" value="Info" /></appSettings>
  <connectionStrings><add name="Connection" connectionString="none" /></connectionStrings>
</configuration>
`;
const release = `<?xml version="1.0"?>
<configuration xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform">
  <appSettings><add key="Extra" value="1" xdt:Transform="Insert" /></appSettings>
</configuration>
`;

const packages: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'Shop.Db': { 'Web.config': webConfig, 'Web.Release.config': release },
  'Shop.Web': {
    'appsettings.json': '{ "Site": { "Title": "none" }, "LogLevel": "Info" }\n',
    'about.txt': '#{Site:Title} on #{Port}, ##{kept}\n',
    'PreDeploy.sh': 'echo before\n',
    'Deploy.sh': 'echo deploying; set_octopusvariable Deployed yes\n',
  },
};

/** Makes the release at a vendor, and offers it to those links. */
export async function makeRich(
  vendor: Person,
  { root, number, gate, to }: { root: string; number: string; gate: string; to: readonly string[] },
): Promise<void> {
  const folder = join(root, `shop-${number}`);
  mkdirSync(folder);
  for (const [id, files] of Object.entries(packages)) {
    const outFile = join(folder, `${id}.${number}.nupkg`);
    const entries = Object.entries(files).map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
    await packNupkg({ id, version: number, files: entries, outFile });
    await signPackage(outFile, outFile, companyOf('acme'), { hash: 'sha256' });
    await vendor.asks(['package', 'add', outFile]);
  }
  const process = join(folder, 'shop.yaml');
  writeFileSync(process, richProcess(gate));
  await vendor.asks(['process', 'publish', process]);
  const pins = Object.keys(packages).flatMap((id) => ['--package', `${id}@${number}`]);
  await vendor.asks(['release', 'create', 'Shop', number, ...pins]);
  await vendor.asks(['release', 'publish', number, '--to', ...to]);
}
