// What a customer's credential may do at the hub, which is all that keeps customers apart: they share one account.
//
// It may pull from the two consumers that exist for its links, acknowledge what came, publish into its own stream, and
// hear answers below a prefix of its own. It never may create a consumer, since the server delivers to whatever subject
// a consumer names and asks nobody's permissions for it; nor read messages by number, nor touch streams.

/** Subjects a user may publish to and subscribe to; everything else is refused. */
export type Permissions = { readonly publish: readonly string[]; readonly subscribe: readonly string[] };

/** The consumers of each stream; made by the hub's side. */
const durables = ['entries', 'blobs'] as const;

/** What the credential of a customer may do, for all of its links together. */
export function customerPermissions(links: readonly string[]): Permissions {
  const sorted = [...links].toSorted();
  return {
    publish: ['$JS.API.INFO', ...sorted.flatMap(publishedFor)],
    subscribe: sorted.map((link) => `_INBOX_${link}.>`),
  };
}

function publishedFor(link: string): string[] {
  const down = `cg-${link}-down`;
  return [
    `$JS.API.STREAM.INFO.${down}`,
    ...durables.map((durable) => `$JS.API.CONSUMER.INFO.${down}.${durable}`),
    ...durables.map((durable) => `$JS.API.CONSUMER.MSG.NEXT.${down}.${durable}`),
    ...durables.map((durable) => `$JS.ACK.${down}.${durable}.>`),
    `cg.${link}.up.>`,
  ];
}
