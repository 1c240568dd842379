import {
  exportBundle,
  loadAgeIdentity,
  madeBundles,
  reissueBundle,
  writeNotes,
  type Exported,
} from '../../bundles/index.ts';
import { CommandError } from '../../commands/index.ts';
import { linkReplica } from '../../daemon/index.ts';
import { findLink, type Instance } from '../../instance/index.ts';
import { readLinks, type LinkRow } from '../../projections/index.ts';
import type { Replica } from '../../sync/index.ts';
import { commandLine } from '../../words.ts';
import { cargoOf, cautionOf, keptBundles, recipientOf, senderOf } from '../bundles/bundle-ends.ts';
import { holdBundles } from '../bundles/bundle-lock.ts';
import { command, flag, list, misuse, needed, text, type Context, type Outcome } from '../command.ts';
import type { CliError } from '../errors.ts';
import { ownRelease } from '../given/own-release.ts';
import { documentOf, partLines, told } from '../bundles/bundle-made.ts';
import { previewOf } from '../bundles/bundle-preview.ts';
import { neededOut, readWish, refuseChanges } from '../bundles/bundle-wish.ts';
import {
  openWorkshop,
  programDocument,
  programLines,
  readWrapping,
  type Workshop,
  type Wrapped,
  type Wrapping,
  type WorkOrder,
} from '../bundles/bundle-wrapping.ts';
import { notesBeside } from '../bundles/relay-hops.ts';
import { passOnTo, relayReceiver } from '../bundles/relay-export.ts';

export const exportCommand = command({
  path: 'bundle export',
  about: 'What the other side of a link lacks, as files to carry there, sealed to it',
  example: 'crossgap bundle export --to bankair --release 3.2.0 --part-size 4400MB --out media',
  args: {},
  options: {
    to: needed('LINK', 'whom it is for; or who is relayed to here'),
    out: text('DIR', 'the folder for the files (needed, but for --preview)'),
    release: text('R', 'only packages of this release; entries are all that are missing'),
    'part-size': text('SIZE', 'the largest file, such as 700MB or 4095MiB (else 4095MiB, which FAT32 holds)'),
    preview: flag('only print every line that would leave'),
    again: flag('everything, whatever receipts say'),
    whole: flag('packages as a whole, also what receipts say is there in others'),
    after: text('N', 'only what bundle N does not carry: it must be taken in before this one'),
    bundle: text('N', 'make this earlier bundle again, byte for byte'),
    part: text('N', 'with --bundle: only this part of it'),
    installer: text(
      'PLATFORM',
      'one file to start at a site: the program with the bundle inside, such as linux-x64',
    ),
    runner: text('PLATFORM', 'the program as a file of its own, beside the bundle'),
    runtime: list(
      'FILE',
      'with --installer or --runner: the Node to build with, where npm reaches no registry',
    ),
  },
  async run(context, _args, options): Promise<Outcome> {
    const { to, out, preview } = options;
    const instance = await context.open();
    const wrapping = readWrapping(options);
    const wish = readWish(options, wrapping !== undefined);
    const isLink = readLinks(instance.db).some(
      ({ name, link, state }) => state !== 'removed' && (name === to || link === to),
    );
    const receiver = isLink ? undefined : relayReceiver(instance, to);
    if (receiver !== undefined) {
      refuseChanges(options);
      if (wrapping !== undefined) throw notOurs();
      return passOnTo(instance, receiver, { ...wish, out: neededOut(out) });
    }
    const link = findLink(instance.db, to);
    const release =
      options.release === undefined ? undefined : ownRelease(instance.db, options.release, 'send');
    const replica = linkReplica(instance, link.link);
    const open = (folder: string): Promise<Workshop | undefined> =>
      workshopFor(context, instance, wrapping, {
        ...wish,
        link,
        release,
        out: folder,
        runtimes: options.runtime,
      });
    if (wish.bundle !== undefined) {
      const folder = neededOut(out);
      await using workshop = await open(folder);
      const made = await remake(instance, link, replica, {
        number: wish.bundle,
        part: wish.part,
        out: workshop?.folder ?? folder,
      });
      const wrapped = await workshop?.wrap(made);
      return withProgram(remade(wrapped?.made ?? made, link, wish.part), wrapped, wrapping);
    }
    const after =
      wish.after === undefined
        ? undefined
        : madeBundles(keptBundles(instance), link.link).find(({ facts }) => facts.number === wish.after);
    if (wish.after !== undefined && after === undefined)
      throw misuse(
        `Cannot go on after bundle ${wish.after}: none was made for ${link.name}`,
        'See `crossgap bundle list`.',
      );
    const recipient = recipientOf(instance, link);
    const { again, whole } = options;
    const cargo = await cargoOf(instance, link, replica, { release, again, whole, after });
    if (preview) return previewOf(instance, link, replica, cargo);
    const folder = neededOut(out);
    const isNews =
      cargo.blobs.length > 0 ||
      cargo.stands !== undefined ||
      replica.outgoing(cargo.after, 1).length > 0 ||
      isPutBack(instance, link);
    if (!isNews && link.state === 'invited') throw nothingPublished(link);
    // An installer is one all the same: what it lacks is at the site.
    if (!isNews && wrapping === undefined) return nothingToSend(link);
    await using workshop = await open(folder);
    using _held = holdBundles(instance, 'export');
    const made = await exportBundle({
      sender: senderOf(instance),
      recipient,
      source: replica,
      link: link.link,
      feed: instance.log.feedTo(link.link),
      sentAt: new Date(instance.clock.now()).toISOString(),
      head: replica.outgoingHead(),
      ...cargo,
      out: workshop?.folder ?? folder,
      partBytes: workshop?.partBytes ?? wish.partBytes,
      ...(workshop !== undefined && { refuse: workshop.refuse }),
    });
    const wrapped = await workshop?.wrap(made);
    const notes = notesBeside(instance, link);
    await writeNotes(folder, notes);
    const everything = { release, again: true, whole: true, after: undefined };
    const outcome = told(wrapped?.made ?? made, link, {
      hasReceipt: replica.confirmed().seq > 0,
      all: (await cargoOf(instance, link, replica, everything)).blobs,
      leftOut: cargo.leftOut,
      givenBack: made.givenBack,
      caution: cautionOf(instance, link),
      folder,
      notes: notes.length,
    });
    return withProgram(outcome, wrapped, wrapping);
  },
});

async function workshopFor(
  context: Context,
  instance: Instance,
  wrapping: Wrapping | undefined,
  order: WorkOrder,
): Promise<Workshop | undefined> {
  return wrapping === undefined ? undefined : openWorkshop(context, instance, wrapping, order);
}

function withProgram(
  outcome: Outcome,
  wrapped: Wrapped | undefined,
  wrapping: Wrapping | undefined,
): Outcome {
  if (wrapped === undefined || wrapping === undefined) return outcome;
  const { document, text: lines } = outcome;
  const own = programDocument(wrapped, wrapping);
  return {
    ...outcome,
    document: { ...(document as Record<string, unknown>), [wrapping.kind]: own },
    text: [...(typeof lines === 'string' ? [lines] : (lines ?? [])), ...programLines(wrapped, wrapping)],
  };
}

/** What others made is passed on as it is. */
function notOurs(): CliError {
  return misuse(
    'Cannot put a bundle of others into a program: nobody here can open it',
    'Leave out --installer and --runner.',
  );
}

/** Of a feed that lost entries a head alone is worth carrying: whoever holds them gives them back. */
function isPutBack({ log }: Instance, { link }: LinkRow): boolean {
  const feed = log.feedTo(link);
  return (
    log.standing().state === 'ROLLED_BACK' ||
    log.isLost(feed) ||
    log.doubts().some((one) => one.feed === feed)
  );
}

async function remake(
  instance: Instance,
  link: LinkRow,
  source: Replica,
  { number, part, out }: { number: number; part: number | undefined; out: string },
): Promise<Exported> {
  using _held = holdBundles(instance, 'export');
  const identity = loadAgeIdentity(instance.folder.keys);
  const kept = keptBundles(instance);
  return await reissueBundle({ kept, link: link.link, number, part, identity, source, out });
}

function remade(made: Exported, link: LinkRow, part: number | undefined): Outcome {
  const { number } = made.facts;
  const what = part === undefined ? `Bundle ${number}` : `Part ${part} of bundle ${number}`;
  return {
    document: documentOf(made, link),
    text: [`${what} for ${link.name} is made again, byte for byte`, ...partLines(made)],
  };
}

/** Before anybody answered there is nobody to write to; what was published is what such a bundle is for. */
function nothingPublished({ name }: LinkRow): CommandError {
  return new CommandError(
    'LINK_NOT_CONFIRMED',
    `Cannot make a bundle for ${name}: it has not answered the invitation yet, and nothing was published to it`,
    {
      hint: `Publish a release to it (${commandLine('release', 'publish')} R --to ${name}), or take its reply in: ${commandLine('link', 'confirm')} REPLY --fingerprint WORDS.`,
      details: { link: name },
    },
  );
}

function nothingToSend(link: LinkRow): Outcome {
  return {
    document: { bundle: null, to: link.name, entries: 0, packages: 0, parts: [] },
    text: `${link.name} has said to hold everything: there is nothing to carry`,
  };
}
