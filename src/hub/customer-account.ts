// What a customer's credential reaches at the hub, which is all that keeps customers apart.
//
// The streams lie in one account, `crossgap`, where only the vendor's own user is. Each customer has an account to
// itself, and into that the few subjects are imported that it needs: pulling from the consumers that were made for its
// links, asking how they stand, acknowledging what came, and publishing into its own streams.
//
// Permissions alone, with all users in one account, would not do. A user may name any reply subject whatever its
// permissions are, and JetStream answers there in its own right: the empty answer to a pull, sent to
// $JS.API.STREAM.DELETE.X, deletes stream X, and an acknowledgement sent to a subject of another customer's stream is
// stored there (both seen on nats-server 2.9.10). Across an import a reply subject is one of the customer's own account.
// Nor may a customer create consumers: a server delivers to whatever subject a consumer names.
//
// An account without JetStream can't import $JS.API under its own name, so it is imported as hub.API, and what clients
// publish to $JS.API is mapped to that: they needn't know.

/** A subject of the account `crossgap` as a customer's account has it. */
export type ImportedSubject = { readonly subject: string; readonly as: string };

/** What a customer's account holds and what its user may do there; everything else is refused. */
export type CustomerAccess = {
  readonly imports: readonly ImportedSubject[];
  /** Where what clients publish is taken instead. */
  readonly mappings: readonly { readonly from: string; readonly to: string }[];
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
};

/** What the account `crossgap` lends out. `stream`: many answers to one question. */
export const exportedSubjects: readonly { readonly subject: string; readonly stream: boolean }[] = [
  { subject: '$JS.API.STREAM.INFO.*', stream: false },
  { subject: '$JS.API.CONSUMER.INFO.*.*', stream: false },
  { subject: '$JS.API.CONSUMER.MSG.NEXT.*.*', stream: true },
  { subject: '$JS.ACK.*.*.>', stream: false },
  { subject: 'cg.*.up.>', stream: false },
];

/** How long the server keeps the way back for answers to a pull; longer than any pull stays open. */
export const answersWithin = '5m';

/** The consumers of each stream; made by the hub's side. */
const durables = ['entries', 'blobs'] as const;

/** What the credential of a customer reaches, for all of its links together. */
export function customerAccess(links: readonly string[]): CustomerAccess {
  const sorted = [...links].toSorted();
  const asked = sorted.flatMap(askedOfServer);
  const own = sorted.flatMap(publishedToStreams);
  return {
    imports: [
      ...asked.map((what) => ({ subject: `$JS.API.${what}`, as: `hub.API.${what}` })),
      ...own.map((subject) => ({ subject, as: subject })),
    ],
    mappings: asked.map((what) => ({ from: `$JS.API.${what}`, to: `hub.API.${what}` })),
    // Whether a server looks at permissions before it maps or after it, is its own affair.
    publish: [...asked.flatMap((what) => [`$JS.API.${what}`, `hub.API.${what}`]), ...own],
    subscribe: sorted.map((link) => `_INBOX_${link}.>`),
  };
}

function askedOfServer(link: string): string[] {
  const down = `cg-${link}-down`;
  return [
    `STREAM.INFO.${down}`,
    ...durables.map((durable) => `CONSUMER.INFO.${down}.${durable}`),
    ...durables.map((durable) => `CONSUMER.MSG.NEXT.${down}.${durable}`),
  ];
}

function publishedToStreams(link: string): string[] {
  return [...durables.map((durable) => `$JS.ACK.cg-${link}-down.${durable}.>`), `cg.${link}.up.>`];
}
