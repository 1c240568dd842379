import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  findBundles,
  findHopNotes,
  isForRelay,
  noteShelf,
  passOn,
  setAllowance,
  takeForRelay,
  waitingFor,
  type Exported,
  type PassedOn,
  type Relay,
} from '../../src/bundles/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { noon } from '../support/instances.ts';
import type { TransportPair } from '../sync/transport-contract.ts';
import { bundlePair, endOf } from './bundle-pair.ts';
import { receiverOf } from './support.ts';

/** What somebody does to a bundle who has it in their hands, before its receiver sees it. */
export type Deed = (passed: PassedOn, into: string) => void | Promise<void>;

const never = new AbortController().signal;
const dmz = endOf('dmz');

/**
 * Two ends that are paired, and an instance between them that is paired with nobody: each bundle is stored there and
 * passed on, as `bundle import` and `bundle export` of a jump host do it.
 */
export async function relayPair({
  partBytes,
  deed = () => undefined,
}: { readonly partBytes?: number; readonly deed?: Deed } = {}): Promise<TransportPair> {
  const root = memoryFolder();
  const { instance, name, introduction, signing } = dmz.sender;
  const relay: Relay = {
    root: join(root.path, 'relay'),
    shelf: noteShelf(join(root.path, 'hops')),
    self: { instance, name, introduction, signing },
    now: () => new Date(noon).toISOString(),
  };
  for (const who of ['acme', 'contoso']) setAllowance(relay.root, who, 1_000_000_000);

  async function courier({ facts, parts }: Exported, into: string): Promise<readonly string[]> {
    const medium = parts.map(({ file }) => file);
    const { bundles } = await findBundles(medium);
    const { notes } = await findHopNotes(medium);
    for (const bundle of bundles) {
      if (!isForRelay(bundle, relay)) throw new Error('nobody allowed it at the relay');
      const { failure } = await takeForRelay(bundle, notes, relay, never);
      if (failure !== undefined) throw failure;
    }
    // What the relay has need not stay with the courier.
    for (const file of medium) rmSync(file);
    const record = waitingFor(relay, receiverOf(facts).instance).find((one) => one.facts.id === facts.id);
    if (record === undefined) throw new Error('the relay lost it');
    const passed = await passOn(relay, record, { out: into });
    await deed(passed, into);
    return passed.parts.map(({ file }) => file);
  }

  const pair = await bundlePair({ courier, ...(partBytes !== undefined && { partBytes }) });
  return {
    ...pair,
    async [Symbol.asyncDispose]() {
      await pair[Symbol.asyncDispose]();
      root[Symbol.dispose]();
    },
  };
}
